// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {MemberActs} from "./MemberActs.sol";
import {TitleTies} from "./TitleTies.sol";
import {Title, TitleWord} from "./TitleWord.sol";
import {SurrenderPurpose} from "./generated/Words.sol";
import {INetwork} from "./interfaces/INetwork.sol";
import {ITitles} from "./interfaces/ITitles.sol";

/// @title TitleStore
/// @notice Where titles stand, here or still in the contract before this one, and the checks that verbs share.
/// @notice Invariant: live titles are conserved across versions.
/// @notice Invariant: every act that takes effect moves the title's counter by one.
/// @dev Checks whose error looks up a member's id are `if`s: `require` would look it up before every success.
abstract contract TitleStore is MemberActs, TitleTies, ITitles {
    using TitleWord for Title;

    struct Stored {
        uint256 word; // see TitleWord; zero while the title was not used here
        bytes32 root; // zero while it is the one in the contract before
        // Identifies the last offer, open while the word has a counterparty: left as it is after that, since zeroing costs
        // more.
        bytes32 offer;
    }

    uint256 private constant GAS_CAP = 250_000;
    uint256 private constant LONGEST_OFFER = 90 days;

    mapping(bytes32 id => Stored) internal _titles;

    constructor(INetwork network, address predecessor_)
        MemberActs(network, keccak256("Titles"), GAS_CAP, predecessor_)
    {}

    /// @inheritdoc ITitles
    function carried(bytes32 id) external view returns (uint256 word) {
        Title memory t = Title(_wordOf(id));
        t.closeOffer();
        return t.word;
    }

    /// @inheritdoc ITitles
    function rootOf(bytes32 id) public view returns (bytes32 root) {
        root = _titles[id].root;
        if (root == 0 && predecessor() != address(0)) root = ITitles(predecessor()).rootOf(id);
    }

    /// @inheritdoc ITitles
    function tiesOf(uint256 number) external view returns (uint256 count) {
        count = _tiesAdded(number);
        if (predecessor() != address(0)) count = _tiesSum(count, ITitles(predecessor()).tiesOf(number));
    }

    /// @dev The title's word, here or carried over; zero for an unknown title.
    function _wordOf(bytes32 id) internal view returns (uint256 word) {
        word = _titles[id].word;
        if (word == 0 && predecessor() != address(0)) word = ITitles(predecessor()).carried(id);
    }

    /// @dev The one place where a title changes: the change is counted, and the ties that it makes and ends.
    function _save(bytes32 id, uint256 before, Title memory t) internal {
        t.count();
        _titles[id].word = t.word;
        _retie(before, t.word);
    }

    /// @dev An offer opens, on the title with this root or, for an amendment, on what it is to become; its terms are
    /// still empty.
    function _openOffer(Header memory act, Title memory t, uint256 counterparty, uint256 deadline, bytes32 root)
        internal
    {
        require(deadline > block.timestamp && deadline <= block.timestamp + LONGEST_OFFER, DeadlineOutOfRange(deadline));
        t.openOffer(counterparty, deadline);
        _titles[act.object].offer = _offerId(act.digest, root);
    }

    /// @dev What identifies an offer: with the root in it, who answers an offer by its digest and root needs no look at
    /// the title's root, and a surrender for amendment no slot for the amended one.
    function _offerId(bytes32 digest, bytes32 root) internal pure returns (bytes32 offer) {
        return Hashes.efficientKeccak256(digest, root);
    }

    /// @dev Who made the open offer.
    function _offerer(Title memory t) internal pure returns (uint256 member) {
        if (t.holder() == 0) return t.carrier();
        return t.pledgee() == 0 || t.purpose() == SurrenderPurpose.AMENDMENT ? t.holder() : t.pledgee();
    }

    function _requireCarrier(Header memory act, Title memory t, uint256 principal) internal view {
        if (principal != t.carrier()) revert NotTheCarrier(act.object, act.principal, _id(t.carrier()));
    }

    function _requireHolder(Header memory act, Title memory t, uint256 principal) internal view {
        if (principal != t.holder()) revert NotTheHolder(act.object, act.principal, _id(t.holder()));
    }

    function _requirePledgee(Header memory act, Title memory t, uint256 principal) internal view {
        if (principal != t.pledgee()) revert NotThePledgee(act.object, act.principal, _id(t.pledgee()));
    }

    /// @dev The principal answers for the carrier: is it, or the successor that the council named for it.
    function _requireAnswering(Header memory act, Title memory t, uint256 principal) internal view {
        uint256 answering = _membership.answering(t.carrier());
        if (principal != answering) revert NotTheCounterparty(act.object, act.principal, _id(answering));
    }

    /// @dev `number` is the party that the title names; `member` is its id.
    function _requireParty(Header memory act, Title memory t, uint256 number, bytes32 member) internal view {
        if (number != t.party()) revert NotTheParty(act.object, member, _id(t.party()));
    }

    function _requireUnfrozen(Header memory act, Title memory t) internal pure {
        require(t.freezes() == 0, TitleFrozen(act.object));
    }

    function _requireRoot(Header memory act, bytes32 given) internal view {
        bytes32 root = rootOf(act.object);
        require(given == root, RootMismatch(act.object, root, given));
    }

    /// @dev A lapsed offer is no hindrance: the next one overwrites it.
    function _requireNoOffer(Header memory act, Title memory t) internal view {
        require(t.counterparty() == 0 || block.timestamp > t.deadline(), OfferOpen(act.object));
    }

    function _requireOffered(Header memory act, Title memory t) internal pure {
        require(t.counterparty() != 0, NoOpenOffer(act.object));
    }

    function _requireInTime(Header memory act, Title memory t) internal view {
        require(block.timestamp <= t.deadline(), OfferLapsed(act.object, t.deadline()));
    }

    function _id(uint256 number) internal view returns (bytes32 member) {
        return number == 0 ? bytes32(0) : _membership.memberAt(number);
    }
}
