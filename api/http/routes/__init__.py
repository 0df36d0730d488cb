"""The API's routes: each asks the node and words its answer; none decides who may do what."""
