// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev A title in memory; members by number, zero for none.
struct Title {
    uint256 state;
    uint256 kind;
    uint256 capacity; // of the open offer; 0 for a surrender
    uint256 endorsement; // of the open offer
    uint256 purpose; // of the open offer, when it is a surrender
    uint256 version;
    uint256 counter;
    uint256 carrier;
    uint256 holder;
    uint256 pledgee;
    uint256 party;
    uint256 counterparty; // zero when no offer is open
    uint256 deadline;
    uint256 loading;
    uint256 discharge;
    uint256 freezes; // orders under which it is frozen
    uint256 defaulted; // 1 once a default under the lien is recorded
    uint256 consented; // 1 once the pledgee consented to the open offer, an amendment
}

/// @title TitleWord
/// @notice A title's state in one storage word: from the lowest bit state 4, kind 2, capacity 2, endorsement 2,
/// purpose 2, version 12, counter 32, deadline 32, loading 16, discharge 16, five members of 24 bits each (carrier,
/// holder, pledgee, party, counterparty), freezes 4, defaulted 1, consented 1. 246 bits in all.
library TitleWord {
    uint256 internal constant MAX_VERSION = 0xfff;
    uint256 internal constant MAX_FREEZES = 0xf;

    /// @dev Capacity, endorsement and purpose; deadline; counterparty; consented.
    uint256 private constant OFFER =
        (0x3f << 6) | (uint256(0xffffffff) << 56) | (uint256(0xffffff) << 216) | (uint256(1) << 245);

    function unpack(uint256 word) internal pure returns (Title memory t) {
        t.state = word & 0xf;
        t.kind = (word >> 4) & 3;
        t.capacity = (word >> 6) & 3;
        t.endorsement = (word >> 8) & 3;
        t.purpose = (word >> 10) & 3;
        t.version = (word >> 12) & 0xfff;
        t.counter = (word >> 24) & 0xffffffff;
        t.deadline = (word >> 56) & 0xffffffff;
        t.loading = (word >> 88) & 0xffff;
        t.discharge = (word >> 104) & 0xffff;
        t.carrier = (word >> 120) & 0xffffff;
        t.holder = (word >> 144) & 0xffffff;
        t.pledgee = (word >> 168) & 0xffffff;
        t.party = (word >> 192) & 0xffffff;
        t.counterparty = (word >> 216) & 0xffffff;
        t.freezes = (word >> 240) & 0xf;
        t.defaulted = (word >> 244) & 1;
        t.consented = (word >> 245) & 1;
    }

    /// @dev Every field is in range: words of the enumerations and numbers of members by construction, ports,
    /// deadline, version and freezes by the checks of Titles, counter because acts are far fewer than it holds.
    function pack(Title memory t) internal pure returns (uint256 word) {
        word = t.state | (t.kind << 4) | (t.capacity << 6) | (t.endorsement << 8) | (t.purpose << 10);
        word |= (t.version << 12) | (t.counter << 24) | (t.deadline << 56) | (t.loading << 88);
        word |= (t.discharge << 104) | (t.carrier << 120) | (t.holder << 144) | (t.pledgee << 168);
        word |= (t.party << 192) | (t.counterparty << 216);
        word |= (t.freezes << 240) | (t.defaulted << 244) | (t.consented << 245);
    }

    /// @dev The word of the same title without its open offer.
    function withoutOffer(uint256 word) internal pure returns (uint256 same) {
        return word & ~OFFER;
    }
}
