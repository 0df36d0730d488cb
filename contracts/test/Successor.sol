// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MemberActs} from "../src/MemberActs.sol";
import {TitlesVerbs} from "../src/generated/Verbs.sol";
import {INetwork} from "../src/interfaces/INetwork.sol";
import {IVersioned} from "../src/interfaces/IVersioned.sol";

/// @dev A later version of a contract that does every act it is given and holds nothing.
contract Successor is MemberActs {
    constructor(INetwork network, bytes32 name, address before) MemberActs(network, name, 100_000, before) {}

    function _shape(uint256 verb)
        internal
        pure
        override
        returns (bytes32 typeHash, uint256 statics, uint256 arrays, bool attaches)
    {
        return TitlesVerbs.shape(verb);
    }

    function _perform(Header memory act, bytes calldata words, bytes calldata) internal override {
        _actor(act);
        _done(act, words, act.counter + 1);
    }
}

/// @dev A contract that says of itself what it is told to.
contract Claimant is IVersioned {
    address public immutable predecessor;
    bool public isOpen;

    constructor(address before, bool open_) {
        (predecessor, isOpen) = (before, open_);
    }

    function open() external {
        isOpen = true;
    }

    function close() external {
        isOpen = false;
    }
}
