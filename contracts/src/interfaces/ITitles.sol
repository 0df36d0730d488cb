// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IActs} from "./IActs.sol";

/// @title Titles: who controls a bill of lading
/// @notice Warning: what the controller offers and the other side accepts cannot be undone by anyone in this
/// version. Holding an act key of the controller is holding the goods.
interface ITitles is IActs {
    /// @notice A title as it stands; members by their ids, zero for none.
    struct TitleView {
        uint256 state; // TitleState
        uint256 kind; // TitleKind
        uint256 counter;
        uint256 version; // of the document
        bytes32 carrier;
        bytes32 holder; // zero before the first acceptance
        bytes32 pledgee;
        bytes32 party; // order: zero is blank; straight: the consignee
        bytes32 counterparty; // of the open offer
        bytes32 offer; // digest of the open offer
        uint256 offerCapacity; // 0 for a surrender
        uint256 offerEndorsement;
        uint256 offerPurpose; // SurrenderPurpose; 0 for a hand-over or pledge
        uint256 deadline; // of the open offer: the last second (UTC) in which it can be accepted
        uint256 loading; // port of loading
        uint256 discharge; // port of discharge
        bytes32 root; // of the document's field tree
    }

    /// @notice A title has this id: the bill was issued already.
    error TitleExists(bytes32 title);
    /// @notice Another member controls the title.
    error NotTheController(bytes32 title, bytes32 principal, bytes32 controller);
    /// @notice The open offer was made to another member.
    error NotTheCounterparty(bytes32 title, bytes32 principal, bytes32 counterparty);
    /// @notice Only the carrier does this.
    error NotTheCarrier(bytes32 title, bytes32 principal, bytes32 carrier);
    /// @notice Only the pledgee does this; zero when the title is not pledged.
    error NotThePledgee(bytes32 title, bytes32 principal, bytes32 pledgee);
    /// @notice Only the named party may receive the title, or as its holder surrender it.
    error NotTheParty(bytes32 title, bytes32 member, bytes32 party);
    /// @notice The title has no open offer.
    error NoOpenOffer(bytes32 title);
    /// @notice The title has an open offer that has not lapsed.
    error OfferOpen(bytes32 title);
    /// @notice The act names another offer than the open one.
    error OfferMismatch(bytes32 title, bytes32 offer, bytes32 given);
    /// @notice The act names another document than the title's.
    error RootMismatch(bytes32 title, bytes32 root, bytes32 given);
    /// @notice The offer could be accepted until `deadline` (UTC seconds).
    error OfferLapsed(bytes32 title, uint256 deadline);
    /// @notice A deadline lies ahead, by at most 90 days.
    error DeadlineOutOfRange(uint256 deadline);
    /// @notice A title of this kind cannot be handed over or pledged so.
    error KindRefuses(bytes32 title);
    /// @notice This endorsement does not go with this offer.
    error EndorsementRefused(bytes32 title, uint256 endorsement);
    /// @notice No such capacity, or not one in which the title can be offered now.
    error CapacityUnknown(uint256 capacity);
    /// @notice An offer is made to somebody else.
    error OfferToSelf(bytes32 title);
    /// @notice A pledgee can release the title but neither offer nor surrender it.
    error TitlePledged(bytes32 title);

    /// @return title all of it; state none (0) for an unknown id
    function titleOf(bytes32 id) external view returns (TitleView memory title);

    /// @return controller the member that may act on the title now: the carrier until the first acceptance and after
    /// surrender, else the pledgee, else the holder; zero for an unknown or void title
    function controllerOf(bytes32 title) external view returns (bytes32 controller);

    /// @notice What a delivery order needs to know; state none (0) for an unknown id.
    /// @return state of the title
    /// @return carrier that opens the order
    /// @return discharge port of discharge
    /// @return pledged whether a lien stands
    function deliveryFacts(bytes32 title)
        external
        view
        returns (uint256 state, bytes32 carrier, uint256 discharge, bool pledged);
}
