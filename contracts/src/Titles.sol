// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TitleAnswers} from "./TitleAnswers.sol";
import {TitleOffers} from "./TitleOffers.sol";
import {TitleOrders} from "./TitleOrders.sol";
import {TitleStore} from "./TitleStore.sol";
import {TitleSurrenders} from "./TitleSurrenders.sol";
import {Title, TitleWord} from "./TitleWord.sol";
import {TitleUses} from "./generated/TitleUses.sol";
import {TitlesVerbs} from "./generated/Verbs.sol";
import {TitleState} from "./generated/Words.sol";
import {INetwork} from "./interfaces/INetwork.sol";
import {ITitles} from "./interfaces/ITitles.sol";

/// @title Titles
/// @notice Who controls each bill of lading. The rules are the verb table's, docs/protocol/verbs.md, and stand in the
/// contracts that this one is made of.
/// @notice Invariant: a live title has exactly one holder and one controller.
contract Titles is TitleOffers, TitleAnswers, TitleSurrenders, TitleOrders {
    using TitleWord for Title;

    /// @param predecessor_ the Titles that this one is to succeed; zero for the founding one
    constructor(INetwork network, address predecessor_) TitleStore(network, predecessor_) {}

    /// @inheritdoc ITitles
    function titleOf(bytes32 id) external view returns (TitleView memory title) {
        Title memory t = Title(_wordOf(id));
        title.state = t.state();
        title.kind = t.kind();
        title.counter = t.counter();
        title.version = t.version();
        title.carrier = _id(t.carrier());
        title.holder = _id(t.holder());
        title.pledgee = _id(t.pledgee());
        title.party = _id(t.party());
        title.counterparty = _id(t.counterparty());
        title.offer = t.counterparty() == 0 ? bytes32(0) : _titles[id].offer;
        title.offerCapacity = t.capacity();
        title.offerEndorsement = t.endorsement();
        title.offerPurpose = t.purpose();
        title.deadline = t.deadline();
        title.loading = t.loading();
        title.discharge = t.discharge();
        title.root = rootOf(id);
        title.freezes = t.freezes();
        title.consented = t.consented() == 1;
        title.enforceableFrom = t.defaulted() == 0 ? 0 : enforceableFrom(id);
    }

    /// @inheritdoc ITitles
    function controllerOf(bytes32 title) external view returns (bytes32 controller) {
        Title memory t = Title(_wordOf(title));
        if (t.state() == TitleState.ISSUED || t.state() == TitleState.SURRENDERED) return _id(t.carrier());
        if (t.state() == TitleState.LIVE) return _id(_entitled(t));
    }

    /// @inheritdoc ITitles
    function deliveryFacts(bytes32 title) external view returns (DeliveryFacts memory facts) {
        Title memory t = Title(_wordOf(title));
        return DeliveryFacts(t.state(), t.carrier(), _entitled(t), t.loading(), t.discharge(), t.freezes() != 0);
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
        uint256 before = _wordOf(act.object);
        Title memory t = Title(before);
        if (act.verb == TitlesVerbs.ISSUE) {
            _issue(act, words, t, principal, roles);
        } else {
            require(before != 0, ObjectUnknown(act.object));
            require(TitleUses.applies(act.verb, t.kind(), t.state()), WrongState(act.object, t.state()));
            if (act.verb <= TitlesVerbs.SURRENDER) _trade(act, words, t, principal);
            else _rarely(act, words, t, principal);
        }
        _save(act.object, before, t);
        _done(act, words, t.counter());
    }

    /// @dev The verbs of every day.
    function _trade(Header memory act, bytes calldata words, Title memory t, uint256 principal) private {
        if (act.verb == TitlesVerbs.OFFER) _offer(act, words, t, principal);
        else if (act.verb == TitlesVerbs.ACCEPT) _accept(act, words, t, principal);
        else if (act.verb == TitlesVerbs.DECLINE) _decline(act, words, t, principal);
        else if (act.verb == TitlesVerbs.WITHDRAW) _withdraw(act, words, t, principal);
        else if (act.verb == TitlesVerbs.RELEASE_PLEDGE) _releasePledge(act, words, t, principal);
        else _surrender(act, words, t, principal);
    }

    /// @dev The rarer ones.
    function _rarely(Header memory act, bytes calldata words, Title memory t, uint256 principal) private {
        if (act.verb == TitlesVerbs.RECORD_DEFAULT) _recordDefault(act, t, principal);
        else if (act.verb == TitlesVerbs.AMEND) _amend(act, words, t, principal);
        else if (act.verb == TitlesVerbs.CONSENT_AMENDMENT) _consentAmendment(act, words, t, principal);
        else if (act.verb == TitlesVerbs.RETURN_FROM_PAPER) _returnFromPaper(act, words, t, principal);
        else if (act.verb == TitlesVerbs.VOID_TITLE) _voidTitle(act, t, principal);
        else if (act.verb == TitlesVerbs.FREEZE) _freeze(act, words, t, principal);
        else if (act.verb == TitlesVerbs.LIFT) _lift(act, words, t, principal);
        else if (act.verb == TitlesVerbs.PROPOSE_TRANSFER) _proposeTransfer(act, words, t, principal);
        else _confirmTransfer(act, words, t, principal);
    }

    /// @dev Whose the goods are to dispose of: a title can be surrendered past the holder by an enforcing pledgee alone.
    function _entitled(Title memory t) private pure returns (uint256 member) {
        return t.pledgee() != 0 ? t.pledgee() : t.holder();
    }
}
