// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IActs} from "./IActs.sol";

/// @title Titles: who controls a bill of lading
/// @notice Warning: what the controller offers and the other side accepts can be undone by nobody but two authorities
/// together, under an order. Holding an act key of the controller is holding the goods.
interface ITitles is IActs {
    /// @notice A title as it stands; members by their ids, zero for none.
    struct TitleView {
        uint256 state; // TitleState
        uint256 kind; // TitleKind
        uint256 counter;
        uint256 version; // of the document
        bytes32 carrier;
        bytes32 holder; // zero before the first acceptance and in paper; of a delivered title the last
        bytes32 pledgee;
        bytes32 party; // order: zero is blank; straight: the consignee
        bytes32 counterparty; // of the open offer; of a surrender the carrier, for whom its successor may answer
        bytes32 offer; // identifies the open one: keccak256(its digest, the root; of an amendment the amended root)
        uint256 offerCapacity; // 0 for a surrender
        uint256 offerEndorsement;
        uint256 offerPurpose; // SurrenderPurpose; 0 for a hand-over or pledge
        uint256 deadline; // of the open offer: the last second (UTC) in which it can be accepted
        uint256 loading; // port of loading
        uint256 discharge; // port of discharge
        bytes32 root; // of the document's field tree
        uint256 freezes; // orders under which it is frozen
        bool consented; // the pledgee consented to the open amendment
        uint256 enforceableFrom; // second (UTC) from which the pledgee may enforce; zero without a recorded default
    }

    /// @notice What an authority's order did to a title; members by number.
    struct LegalOrder {
        uint256 by; // the authority that froze it
        uint256 stage; // FreezeStage
        uint256 transferableFrom; // second (UTC) from which a transfer can be proposed; zero once one was
        uint256 proposer; // of the transfer
        uint256 to; // whom the transfer makes holder
        uint256 endsLien; // 1 when the transfer ends the lien
        uint256 proposal; // the last 21 bytes of the proposal's digest
    }

    /// @notice What a delivery order needs to know of its title; members by number.
    struct DeliveryFacts {
        uint256 state; // TitleState; none (0) for an unknown title
        uint256 carrier; // Membership.answering says who answers for it
        uint256 entitled; // whose the goods are: the holder, or the pledgee that enforced its lien
        uint256 loading; // port
        uint256 discharge; // port
        bool frozen;
    }

    /// @notice A title has this id: the bill was issued already.
    error TitleExists(bytes32 title);
    /// @notice Another member made the open offer.
    error NotTheController(bytes32 title, bytes32 principal, bytes32 controller);
    /// @notice Only the holder does this, or a pledgee that may enforce.
    error NotTheHolder(bytes32 title, bytes32 principal, bytes32 holder);
    /// @notice Another member answers: the one that the offer was made to, or the one that answers for the carrier.
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
    /// @param offer what identifies the open one, as `titleOf` gives it
    /// @param given the same of what the act names, with the title's root
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
    /// @notice Only its pledgee moves a pledged title, and only after a recorded default and the waiting time.
    error TitlePledged(bytes32 title);
    /// @notice An authority's freeze stands.
    error TitleFrozen(bytes32 title);
    /// @notice A default is recorded: the title is the pledgee's to enforce.
    error DefaultRecorded(bytes32 title);
    /// @notice An amendment names a root that is neither zero nor the title's own.
    error AmendmentEmpty(bytes32 title, bytes32 amended);
    /// @notice The named surrender and amended root are not those of the open amendment.
    /// @param offer keccak256(the surrender's digest, the amended root) of the open one
    /// @param given the same of the act
    error AmendmentMismatch(bytes32 title, bytes32 offer, bytes32 given);
    /// @notice The title is pledged and its pledgee has not consented to this amendment.
    error ConsentMissing(bytes32 title);
    /// @notice The pledgee consented to this amendment already.
    error ConsentGiven(bytes32 title);
    /// @notice A title has at most 4,095 versions.
    error TooManyVersions(bytes32 title);
    /// @notice The order was used on this title before.
    error OrderUsed(bytes32 title, bytes32 order);
    /// @notice The title is not frozen under this order.
    error NotFrozenUnder(bytes32 title, bytes32 order);
    /// @notice Another authority, still assigned to one of the title's ports, froze the title.
    error NotTheAuthority(bytes32 title, bytes32 principal, bytes32 authority);
    /// @notice At most 15 freezes stand on a title.
    error TooManyFreezes(bytes32 title);
    /// @notice A transfer can be proposed from `time` (UTC seconds).
    error TooEarly(bytes32 title, uint256 time);
    /// @notice The act names another proposal than the one that waits under this order.
    error ProposalMismatch(bytes32 title, bytes32 order, bytes32 given);
    /// @notice A transfer is confirmed by another authority than the one that proposed it.
    error SecondAuthorityNeeded(bytes32 title, bytes32 principal);
    /// @notice No order makes a title's pledgee its holder.
    error PledgeeNeverHolds(bytes32 title, bytes32 pledgee);

    /// @notice A delivery order changed its title: delivered, or live again as it was; emits `Followed`.
    /// @param cause digest of the act that closed or cancelled the order
    /// @param state TitleState: delivered or live
    function settle(bytes32 title, bytes32 cause, uint256 state) external;

    /// @return title all of it; state none (0) for an unknown id
    function titleOf(bytes32 id) external view returns (TitleView memory title);

    /// @return controller the member that may act on the title now: the carrier until the first acceptance and after
    /// surrender, else the pledgee, else the holder; zero for one that is unknown, void, in paper or delivered
    function controllerOf(bytes32 title) external view returns (bytes32 controller);

    /// @return facts that a delivery order needs
    function deliveryFacts(bytes32 title) external view returns (DeliveryFacts memory facts);

    /// @return standing what was done under the order; stage none (0) for one that was never used on the title
    function legalOrderOf(bytes32 title, bytes32 order) external view returns (LegalOrder memory standing);

    /// @return time second (UTC) from which the last recorded default can be enforced; it may be of a lien that ended
    function enforceableFrom(bytes32 title) external view returns (uint256 time);

    /// @return root of the title's document, of the version in force
    function rootOf(bytes32 title) external view returns (bytes32 root);

    /// @notice What keeps a member from leaving: the titles it issued, holds or has a lien on, that are issued, live or
    /// surrendered. A title in paper, void or delivered ties nobody.
    /// @param number of the member
    /// @return count of these titles, one for each of the three
    function tiesOf(uint256 number) external view returns (uint256 count);

    /// @notice What the contract after this one reads of a title that was not used there yet.
    /// @return word the title as TitleWord packs it, without its open offer: offers lapse with a version
    function carried(bytes32 title) external view returns (uint256 word);

    /// @notice What the contract after this one reads of an order that was not used there yet.
    /// @return word the order as LegalOrderWord packs it, without an open proposal: proposals lapse with a version
    function carriedOrder(bytes32 title, bytes32 order) external view returns (uint256 word);
}
