// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MemberActs} from "./MemberActs.sol";
import {Title, TitleWord} from "./TitleWord.sol";
import {TitlesVerbs} from "./generated/Verbs.sol";
import {Capacity, Endorsement, Role, SurrenderPurpose, TitleKind, TitleState} from "./generated/Words.sol";
import {INetwork} from "./interfaces/INetwork.sol";
import {ITitles} from "./interfaces/ITitles.sol";

/// @title Titles
/// @notice Invariant: a title is issued once, and a live title has exactly one holder and one controller.
/// @notice Invariant: nothing moves before the other side accepts.
/// @notice Invariant: every act that takes effect moves the title's counter by one.
contract Titles is MemberActs, ITitles {
    using TitleWord for uint256;
    using TitleWord for Title;

    struct Stored {
        uint256 word; // see TitleWord
        bytes32 root;
        bytes32 offer; // digest of the last offer; open while the word has a counterparty
    }

    uint256 private constant GAS_CAP = 250_000;
    uint256 private constant LONGEST_OFFER = 90 days;

    mapping(bytes32 id => Stored) private _titles;

    constructor(INetwork network) MemberActs(network, keccak256("Titles"), GAS_CAP, address(0)) {}

    /// @inheritdoc ITitles
    function titleOf(bytes32 id) external view returns (TitleView memory title) {
        Stored storage stored = _titles[id];
        Title memory t = stored.word.unpack();
        title.state = t.state;
        title.kind = t.kind;
        title.counter = t.counter;
        title.version = t.version;
        title.carrier = _id(t.carrier);
        title.holder = _id(t.holder);
        title.pledgee = _id(t.pledgee);
        title.party = _id(t.party);
        title.counterparty = _id(t.counterparty);
        title.offer = t.counterparty == 0 ? bytes32(0) : stored.offer;
        title.offerCapacity = t.capacity;
        title.offerEndorsement = t.endorsement;
        title.offerPurpose = t.purpose;
        title.deadline = t.deadline;
        title.loading = t.loading;
        title.discharge = t.discharge;
        title.root = stored.root;
    }

    /// @inheritdoc ITitles
    function controllerOf(bytes32 title) external view returns (bytes32 controller) {
        return _id(_controller(_titles[title].word.unpack()));
    }

    /// @inheritdoc ITitles
    function deliveryFacts(bytes32 title)
        external
        view
        returns (uint256 state, bytes32 carrier, uint256 discharge, bool pledged)
    {
        Title memory t = _titles[title].word.unpack();
        return (t.state, _id(t.carrier), t.discharge, t.pledgee != 0);
    }

    function _shape(uint256 verb)
        internal
        pure
        override
        returns (bytes32 typeHash, uint256 statics, uint256 arrays, bool attaches)
    {
        return TitlesVerbs.shape(verb);
    }

    function _delegable() internal pure override returns (uint256 mask) {
        return TitlesVerbs.DELEGABLE;
    }

    function _perform(Header memory act, bytes calldata words, bytes calldata) internal override {
        (uint256 principal, uint256 roles) = _actor(act);
        Stored storage stored = _titles[act.object];
        if (act.verb == TitlesVerbs.ISSUE) {
            require(roles & Role.CARRIER != 0, RoleMissing(act.principal, Role.CARRIER));
            _issue(act, words, stored, principal);
            return;
        }
        Title memory t = stored.word.unpack();
        require(t.state != TitleState.NONE, ObjectUnknown(act.object));
        if (act.verb == TitlesVerbs.OFFER) _offer(act, words, stored, t, principal);
        else if (act.verb == TitlesVerbs.ACCEPT) _accept(act, words, stored, t, principal);
        else if (act.verb == TitlesVerbs.DECLINE) _decline(act, words, stored, t, principal);
        else if (act.verb == TitlesVerbs.WITHDRAW) _withdraw(act, words, stored, t, principal);
        else if (act.verb == TitlesVerbs.SURRENDER) _surrender(act, words, stored, t, principal);
        else if (act.verb == TitlesVerbs.RELEASE_PLEDGE) _releasePledge(act, words, stored, t, principal);
        else _voidTitle(act, t, principal);
        stored.word = _counted(t);
        _done(act, words, t.counter);
    }

    function _issue(Header memory act, bytes calldata words, Stored storage stored, uint256 carrier) private {
        require(stored.word == 0, TitleExists(act.object));
        _requireCounter(act, 0);
        Title memory t;
        t.state = TitleState.ISSUED;
        t.kind = _ownUint(words, 0);
        require(t.kind == TitleKind.STRAIGHT || t.kind == TitleKind.ORDER, KindUnknown(t.kind));
        t.version = 1;
        t.carrier = carrier;
        if (t.kind == TitleKind.STRAIGHT || _own(words, 1) != 0) (t.party,) = _member(_own(words, 1));
        t.loading = _port(_ownUint(words, 4));
        t.discharge = _port(_ownUint(words, 5));
        _open(act, t, _own(words, 2), _ownUint(words, 3));
        t.capacity = Capacity.HOLDER;
        stored.offer = act.digest;
        stored.root = _own(words, 6);
        stored.word = _counted(t);
        _done(act, words, t.counter);
    }

    function _offer(Header memory act, bytes calldata words, Stored storage stored, Title memory t, uint256 principal)
        private
    {
        _requireController(act, t, principal);
        require(t.state == TitleState.ISSUED || t.state == TitleState.LIVE, WrongState(act.object, t.state));
        require(t.pledgee == 0, TitlePledged(act.object));
        _requireNoOffer(act, t);
        _requireCounter(act, t.counter);
        _requireRoot(act, stored, _own(words, 4));
        bytes32 to = _own(words, 0);
        uint256 roles = _open(act, t, to, _ownUint(words, 3));
        t.capacity = _ownUint(words, 1);
        t.endorsement = _ownUint(words, 2);
        require(t.capacity == Capacity.HOLDER || t.capacity == Capacity.PLEDGEE, CapacityUnknown(t.capacity));
        require(t.endorsement <= Endorsement.LAST, EndorsementRefused(act.object, t.endorsement));
        if (t.state == TitleState.ISSUED) {
            require(t.capacity == Capacity.HOLDER, CapacityUnknown(t.capacity));
            require(t.endorsement == Endorsement.NONE, EndorsementRefused(act.object, t.endorsement));
        } else if (t.capacity == Capacity.PLEDGEE) {
            require(t.kind == TitleKind.ORDER, KindRefuses(act.object));
            require(t.endorsement == Endorsement.NONE, EndorsementRefused(act.object, t.endorsement));
            require(roles & Role.BANK != 0, RoleMissing(to, Role.BANK));
        } else {
            _requireHandOver(act, t, to);
        }
        stored.offer = act.digest;
    }

    function _accept(Header memory act, bytes calldata words, Stored storage stored, Title memory t, uint256 principal)
        private
        view
    {
        _requireCounterparty(act, words, stored, t, principal);
        _requireRoot(act, stored, _own(words, 1));
        require(block.timestamp <= t.deadline, OfferLapsed(act.object, t.deadline));
        if (t.purpose == SurrenderPurpose.DELIVERY) {
            t.state = TitleState.SURRENDERED;
        } else if (t.capacity == Capacity.PLEDGEE) {
            t.pledgee = principal;
        } else {
            t.state = TitleState.LIVE;
            t.holder = principal;
            if (t.endorsement == Endorsement.NAMED) t.party = principal;
            if (t.endorsement == Endorsement.BLANK) t.party = 0;
        }
        _close(t);
    }

    function _decline(Header memory act, bytes calldata words, Stored storage stored, Title memory t, uint256 principal)
        private
        view
    {
        _requireCounterparty(act, words, stored, t, principal);
        _close(t);
    }

    function _withdraw(
        Header memory act,
        bytes calldata words,
        Stored storage stored,
        Title memory t,
        uint256 principal
    ) private view {
        // Control cannot change while an offer is open, so the controller is who made it.
        _requireController(act, t, principal);
        require(t.counterparty != 0, NoOpenOffer(act.object));
        _requireCounter(act, t.counter);
        require(_own(words, 0) == stored.offer, OfferMismatch(act.object, stored.offer, _own(words, 0)));
        _close(t);
    }

    function _surrender(
        Header memory act,
        bytes calldata words,
        Stored storage stored,
        Title memory t,
        uint256 principal
    ) private {
        _requireController(act, t, principal);
        require(t.state == TitleState.LIVE, WrongState(act.object, t.state));
        require(t.pledgee == 0, TitlePledged(act.object));
        _requireNoOffer(act, t);
        _requireCounter(act, t.counter);
        uint256 purpose = _ownUint(words, 0);
        require(purpose == SurrenderPurpose.DELIVERY, PurposeUnknown(purpose));
        _requireRoot(act, stored, _own(words, 1));
        require(_own(words, 2) == 0, ActMalformed());
        if (t.kind == TitleKind.STRAIGHT || t.party != 0) {
            _requireParty(act, t, principal, act.principal);
        }
        _open(act, t, _id(t.carrier), _ownUint(words, 3));
        (t.capacity, t.endorsement, t.purpose) = (0, 0, purpose);
        stored.offer = act.digest;
    }

    function _releasePledge(
        Header memory act,
        bytes calldata words,
        Stored storage stored,
        Title memory t,
        uint256 principal
    ) private view {
        if (t.pledgee != principal) revert NotThePledgee(act.object, act.principal, _id(t.pledgee));
        _requireCounter(act, t.counter);
        _requireRoot(act, stored, _own(words, 0));
        t.pledgee = 0;
    }

    function _voidTitle(Header memory act, Title memory t, uint256 principal) private view {
        if (principal != t.carrier) revert NotTheCarrier(act.object, act.principal, _id(t.carrier));
        require(t.state == TitleState.ISSUED, WrongState(act.object, t.state));
        _requireCounter(act, t.counter);
        t.state = TitleState.VOID;
        _close(t);
    }

    /// @dev Open the offer to an active member other than the principal, until the deadline.
    function _open(Header memory act, Title memory t, bytes32 to, uint256 deadline) private returns (uint256 roles) {
        require(to != act.principal, OfferToSelf(act.object));
        (t.counterparty, roles) = _member(to);
        require(deadline > block.timestamp && deadline <= block.timestamp + LONGEST_OFFER, DeadlineOutOfRange(deadline));
        t.deadline = deadline;
        t.purpose = 0;
    }

    /// @dev The offer's digest is left in storage: without a counterparty it means nothing, and zeroing costs more.
    function _close(Title memory t) private pure {
        (t.counterparty, t.deadline, t.capacity, t.endorsement, t.purpose) = (0, 0, 0, 0, 0);
    }

    function _counted(Title memory t) private pure returns (uint256 word) {
        t.counter++;
        return t.pack();
    }

    /// @dev To whom and with which endorsement a live title can be handed over.
    function _requireHandOver(Header memory act, Title memory t, bytes32 to) private view {
        if (t.kind == TitleKind.STRAIGHT) {
            require(t.holder != t.party, KindRefuses(act.object));
            require(t.endorsement == Endorsement.NONE, EndorsementRefused(act.object, t.endorsement));
            _requireParty(act, t, t.counterparty, to);
        } else if (t.party != 0 && t.party == t.holder) {
            require(t.endorsement != Endorsement.NONE, EndorsementRefused(act.object, t.endorsement));
        } else if (t.party != 0) {
            require(t.endorsement == Endorsement.NONE, EndorsementRefused(act.object, t.endorsement));
            _requireParty(act, t, t.counterparty, to);
        }
    }

    function _requireController(Header memory act, Title memory t, uint256 principal) private view {
        // Here and below not require(): it would look up the error's member id before every success.
        uint256 controller = _controller(t);
        if (principal != controller) revert NotTheController(act.object, act.principal, _id(controller));
    }

    /// @dev `number` is the party that the title names; `member` is its id.
    function _requireParty(Header memory act, Title memory t, uint256 number, bytes32 member) private view {
        if (number != t.party) revert NotTheParty(act.object, member, _id(t.party));
    }

    /// @dev The act answers the open offer, by its digest, and comes from the member it was made to.
    function _requireCounterparty(
        Header memory act,
        bytes calldata words,
        Stored storage stored,
        Title memory t,
        uint256 principal
    ) private view {
        require(t.counterparty != 0, NoOpenOffer(act.object));
        if (principal != t.counterparty) {
            revert NotTheCounterparty(act.object, act.principal, _id(t.counterparty));
        }
        _requireCounter(act, t.counter);
        require(_own(words, 0) == stored.offer, OfferMismatch(act.object, stored.offer, _own(words, 0)));
    }

    /// @dev A lapsed offer is no hindrance: the next one overwrites it.
    function _requireNoOffer(Header memory act, Title memory t) private view {
        require(t.counterparty == 0 || block.timestamp > t.deadline, OfferOpen(act.object));
    }

    function _requireRoot(Header memory act, Stored storage stored, bytes32 given) private view {
        require(given == stored.root, RootMismatch(act.object, stored.root, given));
    }

    function _controller(Title memory t) private pure returns (uint256 controller) {
        if (t.state == TitleState.LIVE) return t.pledgee != 0 ? t.pledgee : t.holder;
        if (t.state == TitleState.ISSUED || t.state == TitleState.SURRENDERED) return t.carrier;
    }

    function _port(uint256 port) private pure returns (uint256 same) {
        require(port != 0 && port <= type(uint16).max, PortUnknown(port));
        return port;
    }

    function _id(uint256 number) private view returns (bytes32 member) {
        return number == 0 ? bytes32(0) : _membership.memberAt(number);
    }
}
