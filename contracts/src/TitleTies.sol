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
    uint256 private constant MEMBER = 0xffffff;
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
        (before, word) = (_tying(before), _tying(word));
        _move(before >> 120, word >> 120); // carrier
        _move(before >> 144, word >> 144); // holder
        _move(before >> 168, word >> 168); // pledgee
    }

    /// @dev The word of a title that ties, or zero.
    function _tying(uint256 word) private pure returns (uint256 same) {
        uint256 state = word & 0xf;
        return state != TitleState.NONE && state <= TitleState.SURRENDERED ? word : 0;
    }

    /// @dev The lowest 24 bits are the members' numbers.
    function _move(uint256 from, uint256 to) private {
        if ((from ^ to) & MEMBER == 0) return;
        if (from & MEMBER != 0) _add(from & MEMBER, COUNT); // one less, modulo 2**24
        if (to & MEMBER != 0) _add(to & MEMBER, 1);
    }

    function _add(uint256 number, uint256 added) private {
        // A number has 24 bits and a place in a word ten values: nothing wraps but the count, as it shall.
        unchecked {
            uint256 place = number / MEMBERS_A_WORD;
            uint256 shift = number % MEMBERS_A_WORD * COUNT_BITS;
            uint256 counts = _ties[place];
            uint256 count = ((counts >> shift) + added) & COUNT;
            _ties[place] = (counts & ~(COUNT << shift)) | (count << shift);
        }
    }
}
