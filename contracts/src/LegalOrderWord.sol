// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FreezeStage} from "./generated/Words.sol";

/// @title LegalOrderWord
/// @notice What was done to a title under an authority's order, in one storage word: from the lowest bit by 24, stage
/// 8, proposer 24, to 24, endsLien 8, and 168 bits that are the time from which a transfer can be proposed, and once
/// one was, the last 21 bytes of keccak256(the proposal's digest).
library LegalOrderWord {
    uint256 private constant STAGE = 0xff << 24;

    function frozen(uint256 by_, uint256 from) internal pure returns (uint256 word) {
        return by_ | (FreezeStage.FROZEN << 24) | (from << 88);
    }

    function proposed(uint256 word, uint256 proposer_, uint256 to_, uint256 endsLien_, bytes32 digest)
        internal
        pure
        returns (uint256 next)
    {
        next = by(word) | (FreezeStage.PROPOSED << 24) | (proposer_ << 32) | (to_ << 56) | (endsLien_ << 80);
        next |= shortened(digest) << 88;
    }

    function moved(uint256 word, uint256 stage_) internal pure returns (uint256 next) {
        return (word & ~STAGE) | (stage_ << 24);
    }

    /// @dev A proposal lapses with a version, as open offers do; its waiting time was over.
    function withoutProposal(uint256 word) internal pure returns (uint256 same) {
        return stage(word) == FreezeStage.PROPOSED ? frozen(by(word), 0) : word;
    }

    function by(uint256 word) internal pure returns (uint256 member) {
        return word & 0xffffff;
    }

    function stage(uint256 word) internal pure returns (uint256 of_) {
        return (word & STAGE) >> 24;
    }

    function proposer(uint256 word) internal pure returns (uint256 member) {
        return (word >> 32) & 0xffffff;
    }

    function to(uint256 word) internal pure returns (uint256 member) {
        return (word >> 56) & 0xffffff;
    }

    function endsLien(uint256 word) internal pure returns (uint256 whether) {
        return (word >> 80) & 1;
    }

    /// @dev Zero once a transfer was proposed.
    function transferableFrom(uint256 word) internal pure returns (uint256 time) {
        return proposer(word) == 0 ? word >> 88 : 0;
    }

    /// @dev Zero until a transfer was proposed.
    function proposal(uint256 word) internal pure returns (uint256 digest) {
        return proposer(word) == 0 ? 0 : word >> 88;
    }

    /// @dev How a proposal's digest is kept: of its own last 21 bytes alone, another value could have the same.
    function shortened(bytes32 digest) internal pure returns (uint256 last21BytesOfItsHash) {
        return uint168(uint256(keccak256(abi.encode(digest))));
    }
}
