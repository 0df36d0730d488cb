// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev A title in memory: its word, which TitleWord reads and changes.
struct Title {
    uint256 word;
}

/// @title TitleWord
/// @notice A title's state in one storage word: from the lowest bit state 4, kind 2, capacity 2, endorsement 2,
/// purpose 2, version 12, counter 32, deadline 32, loading 16, discharge 16, five members of 24 bits each (carrier,
/// holder, pledgee, party, counterparty), freezes 4, defaulted 1, consented 1. 246 bits in all.
/// @dev Members by number, zero for none. What is set is in range: words of the enumerations and numbers of members by
/// construction, ports, deadline, version and freezes by the checks of Titles, counter because acts are far fewer than
/// it holds.
library TitleWord {
    uint256 internal constant MAX_VERSION = 0xfff;
    uint256 internal constant MAX_FREEZES = 0xf;

    /// @dev Capacity, endorsement and purpose; deadline; counterparty; consented.
    uint256 private constant OFFER =
        (0x3f << 6) | (uint256(0xffffffff) << 56) | (uint256(0xffffff) << 216) | (uint256(1) << 245);
    uint256 private constant ONE_VERSION = 1 << 12;
    uint256 private constant ONE_COUNTED = 1 << 24;
    uint256 private constant ONE_FREEZE = 1 << 240;
    uint256 private constant DEFAULTED = 1 << 244;
    uint256 private constant CONSENTED = 1 << 245;
    uint256 private constant LIEN = (uint256(0xffffff) << 168) | DEFAULTED;

    function state(Title memory t) internal pure returns (uint256 value) {
        return t.word & 0xf;
    }

    function kind(Title memory t) internal pure returns (uint256 value) {
        return (t.word >> 4) & 0x3;
    }

    /// @dev Of the open offer; 0 for a surrender.
    function capacity(Title memory t) internal pure returns (uint256 value) {
        return (t.word >> 6) & 0x3;
    }

    /// @dev Of the open offer.
    function endorsement(Title memory t) internal pure returns (uint256 value) {
        return (t.word >> 8) & 0x3;
    }

    /// @dev Of the open offer, when it is a surrender.
    function purpose(Title memory t) internal pure returns (uint256 value) {
        return (t.word >> 10) & 0x3;
    }

    function version(Title memory t) internal pure returns (uint256 value) {
        return (t.word >> 12) & 0xfff;
    }

    function counter(Title memory t) internal pure returns (uint256 value) {
        return (t.word >> 24) & 0xffffffff;
    }

    function deadline(Title memory t) internal pure returns (uint256 value) {
        return (t.word >> 56) & 0xffffffff;
    }

    function loading(Title memory t) internal pure returns (uint256 value) {
        return (t.word >> 88) & 0xffff;
    }

    function discharge(Title memory t) internal pure returns (uint256 value) {
        return (t.word >> 104) & 0xffff;
    }

    function carrier(Title memory t) internal pure returns (uint256 value) {
        return (t.word >> 120) & 0xffffff;
    }

    function holder(Title memory t) internal pure returns (uint256 value) {
        return (t.word >> 144) & 0xffffff;
    }

    function pledgee(Title memory t) internal pure returns (uint256 value) {
        return (t.word >> 168) & 0xffffff;
    }

    function party(Title memory t) internal pure returns (uint256 value) {
        return (t.word >> 192) & 0xffffff;
    }

    /// @dev Zero when no offer is open.
    function counterparty(Title memory t) internal pure returns (uint256 value) {
        return (t.word >> 216) & 0xffffff;
    }

    /// @dev Orders under which it is frozen.
    function freezes(Title memory t) internal pure returns (uint256 value) {
        return (t.word >> 240) & 0xf;
    }

    /// @dev 1 once a default under the lien is recorded.
    function defaulted(Title memory t) internal pure returns (uint256 value) {
        return (t.word >> 244) & 0x1;
    }

    /// @dev 1 once the pledgee consented to the open offer, an amendment.
    function consented(Title memory t) internal pure returns (uint256 value) {
        return (t.word >> 245) & 0x1;
    }

    function setState(Title memory t, uint256 value) internal pure {
        t.word = (t.word & ~uint256(0xf)) | value;
    }

    function setKind(Title memory t, uint256 value) internal pure {
        t.word = (t.word & ~(uint256(0x3) << 4)) | (value << 4);
    }

    function setCapacity(Title memory t, uint256 value) internal pure {
        t.word = (t.word & ~(uint256(0x3) << 6)) | (value << 6);
    }

    function setEndorsement(Title memory t, uint256 value) internal pure {
        t.word = (t.word & ~(uint256(0x3) << 8)) | (value << 8);
    }

    function setPurpose(Title memory t, uint256 value) internal pure {
        t.word = (t.word & ~(uint256(0x3) << 10)) | (value << 10);
    }

    function setLoading(Title memory t, uint256 value) internal pure {
        t.word = (t.word & ~(uint256(0xffff) << 88)) | (value << 88);
    }

    function setDischarge(Title memory t, uint256 value) internal pure {
        t.word = (t.word & ~(uint256(0xffff) << 104)) | (value << 104);
    }

    function setCarrier(Title memory t, uint256 value) internal pure {
        t.word = (t.word & ~(uint256(0xffffff) << 120)) | (value << 120);
    }

    function setHolder(Title memory t, uint256 value) internal pure {
        t.word = (t.word & ~(uint256(0xffffff) << 144)) | (value << 144);
    }

    function setPledgee(Title memory t, uint256 value) internal pure {
        t.word = (t.word & ~(uint256(0xffffff) << 168)) | (value << 168);
    }

    function setParty(Title memory t, uint256 value) internal pure {
        t.word = (t.word & ~(uint256(0xffffff) << 192)) | (value << 192);
    }

    function count(Title memory t) internal pure {
        unchecked {
            t.word += ONE_COUNTED;
        }
    }

    function nextVersion(Title memory t) internal pure {
        unchecked {
            t.word += ONE_VERSION;
        }
    }

    function addFreeze(Title memory t) internal pure {
        unchecked {
            t.word += ONE_FREEZE;
        }
    }

    function endFreeze(Title memory t) internal pure {
        unchecked {
            t.word -= ONE_FREEZE;
        }
    }

    function recordDefault(Title memory t) internal pure {
        t.word |= DEFAULTED;
    }

    function consent(Title memory t) internal pure {
        t.word |= CONSENTED;
    }

    function endLien(Title memory t) internal pure {
        t.word &= ~LIEN;
    }

    /// @dev An offer opens, in place of any other; its capacity, endorsement and purpose are still empty.
    function openOffer(Title memory t, uint256 counterparty_, uint256 deadline_) internal pure {
        t.word = (t.word & ~OFFER) | (counterparty_ << 216) | (deadline_ << 56);
    }

    function closeOffer(Title memory t) internal pure {
        t.word &= ~OFFER;
    }
}
