// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TitleState} from "./generated/Words.sol";

/// @title TitleTies
/// @notice Invariant: a member's ties are the titles it issued, holds, or has a lien on, that live.
/// @dev Counted by the members' numbers, ten in a word. Each version counts only what it added, modulo 2**24, so that
/// nothing is copied; a member's ties are the sum over the versions.
abstract contract TitleTies {
    uint256 private constant MEMBERS_A_WORD = 10;
    uint256 private constant COUNT_BITS = 24;
    uint256 private constant COUNT = 0xffffff;
    /// @dev Of a title's word: state, carrier, holder and pledgee.
    uint256 private constant TYING = 0xf | (((1 << 72) - 1) << 120);
    uint256 private constant NEVER_ZERO = 1 << 255;
    /// @dev Enough for 320 members; each later word is written by the first act that needs it, for 17,100 gas more.
    uint256 private constant WORDS_AT_DEPLOYMENT = 32;

    mapping(uint256 place => uint256 counts) private _ties;

    constructor() {
        for (uint256 i = 0; i < WORDS_AT_DEPLOYMENT; i++) {
            _ties[i] = NEVER_ZERO;
        }
    }

    /// @dev What this contract added to the member's ties.
    function _tiesAdded(uint256 number) internal view returns (uint256 count) {
        return (_ties[number / MEMBERS_A_WORD] >> (number % MEMBERS_A_WORD * COUNT_BITS)) & COUNT;
    }

    function _tiesSum(uint256 added, uint256 earlier) internal pure returns (uint256 count) {
        return (added + earlier) & COUNT;
    }

    /// @dev A title whose word was `before` has the word `word` now.
    function _retie(uint256 before, uint256 word) internal {
        if ((before ^ word) & TYING == 0) return;
        (uint256 carrier, uint256 holder, uint256 pledgee) = _tiedBy(before);
        (uint256 nextCarrier, uint256 nextHolder, uint256 nextPledgee) = _tiedBy(word);
        _move(carrier, nextCarrier);
        _move(holder, nextHolder);
        _move(pledgee, nextPledgee);
    }

    function _tiedBy(uint256 word) private pure returns (uint256 carrier, uint256 holder, uint256 pledgee) {
        uint256 state = word & 0xf;
        if (state != TitleState.NONE && state <= TitleState.SURRENDERED) {
            return ((word >> 120) & 0xffffff, (word >> 144) & 0xffffff, (word >> 168) & 0xffffff);
        }
    }

    function _move(uint256 from, uint256 to) private {
        if (from == to) return;
        if (from != 0) _add(from, COUNT); // one less, modulo 2**24
        if (to != 0) _add(to, 1);
    }

    function _add(uint256 number, uint256 added) private {
        uint256 place = number / MEMBERS_A_WORD;
        uint256 shift = number % MEMBERS_A_WORD * COUNT_BITS;
        uint256 counts = _ties[place];
        uint256 count = (((counts >> shift) & COUNT) + added) & COUNT;
        _ties[place] = (counts & ~(COUNT << shift)) | (count << shift);
    }
}
