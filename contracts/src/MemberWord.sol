// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title MemberWord
/// @notice What most acts ask of a member, in one storage word: from the lowest bit number 24, roles 16, status 8,
/// successor 24, epoch 24, key 160.
/// @dev What is set is in range: roles by the check of Membership, the rest by construction.
library MemberWord {
    uint256 private constant ROLES = uint256(0xffff) << 24;
    uint256 private constant STATUS = uint256(0xff) << 40;
    uint256 private constant SUCCESSOR = uint256(0xffffff) << 48;
    uint256 private constant KEY = uint256(type(uint160).max) << 96;
    uint256 private constant ONE_EPOCH = 1 << 72;

    /// @dev Zero for nobody.
    function number(uint256 word) internal pure returns (uint256 value) {
        return word & 0xffffff;
    }

    function roles(uint256 word) internal pure returns (uint256 value) {
        return (word >> 24) & 0xffff;
    }

    function status(uint256 word) internal pure returns (uint256 value) {
        return (word >> 40) & 0xff;
    }

    /// @dev The number of who answers for it as carrier; zero for itself.
    function successor(uint256 word) internal pure returns (uint256 value) {
        return (word >> 48) & 0xffffff;
    }

    /// @dev Recoveries of its keys so far: keys of an earlier epoch count no more.
    function epoch(uint256 word) internal pure returns (uint256 value) {
        return (word >> 72) & 0xffffff;
    }

    /// @dev The last act key it registered that counts until it is revoked; zero for none.
    function key(uint256 word) internal pure returns (address value) {
        return address(uint160(word >> 96));
    }

    function withRoles(uint256 word, uint256 value) internal pure returns (uint256 next) {
        return (word & ~ROLES) | (value << 24);
    }

    function withStatus(uint256 word, uint256 value) internal pure returns (uint256 next) {
        return (word & ~STATUS) | (value << 40);
    }

    function withSuccessor(uint256 word, uint256 value) internal pure returns (uint256 next) {
        return (word & ~SUCCESSOR) | (value << 48);
    }

    function withKey(uint256 word, address value) internal pure returns (uint256 next) {
        return (word & ~KEY) | (uint256(uint160(value)) << 96);
    }

    /// @dev The next epoch, in which no key is registered yet.
    function recovered(uint256 word) internal pure returns (uint256 next) {
        return (word & ~KEY) + ONE_EPOCH;
    }
}
