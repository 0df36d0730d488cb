"""Acts' SM2 co-signatures under the national profile: kept, sent to those concerned, demanded."""
