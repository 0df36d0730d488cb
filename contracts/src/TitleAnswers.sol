// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TitleLiens} from "./TitleLiens.sol";
import {Title, TitleWord} from "./TitleWord.sol";
import {Capacity, Endorsement, SurrenderPurpose, TitleKind, TitleState} from "./generated/Words.sol";

/// @title TitleAnswers
/// @notice Invariant: no move before acceptance.
/// @notice What the open offer is answered with: accept, decline, withdraw.
abstract contract TitleAnswers is TitleLiens {
    using TitleWord for Title;

    function _accept(Header memory act, bytes calldata words, Title memory t, uint256 principal) internal {
        _requireOfferee(act, t, principal);
        bytes32 root = _own(words, 1);
        if (_named(words, t, root) != _titles[act.object].offer) {
            // The offer and the root are named together; the refusal says which of them is another.
            _requireOfferNamed(act, words, t);
            _requireUnfrozen(act, t);
            _requireRoot(act, root);
        }
        _requireUnfrozen(act, t);
        if (t.purpose() == SurrenderPurpose.AMENDMENT) _requireRoot(act, root);
        _requireInTime(act, t);
        _requireActive(_offerer(t));
        if (t.purpose() == 0) {
            if (t.capacity() == Capacity.PLEDGEE) t.setPledgee(principal);
            else _take(t, principal);
        } else if (t.purpose() == SurrenderPurpose.DELIVERY) {
            t.setState(TitleState.SURRENDERED);
        } else {
            require(t.purpose() == SurrenderPurpose.PAPER, PurposeUnknown(t.purpose()));
            t.setState(TitleState.PAPER);
            t.setHolder(0);
        }
        t.closeOffer();
    }

    function _decline(Header memory act, bytes calldata words, Title memory t, uint256 principal) internal view {
        _requireOfferee(act, t, principal);
        _requireOfferNamed(act, words, t);
        t.closeOffer();
    }

    function _withdraw(Header memory act, bytes calldata words, Title memory t, uint256 principal) internal view {
        _requireOffered(act, t);
        uint256 offerer = _offerer(t);
        if (principal != offerer) revert NotTheController(act.object, act.principal, _id(offerer));
        _requireCounter(act, t.counter());
        _requireOfferNamed(act, words, t);
        t.closeOffer();
    }

    /// @dev The offeree becomes holder: the first, the next, the buyer of a pledged title, or out of paper.
    function _take(Title memory t, uint256 principal) private pure {
        bool madeOut = t.state() == TitleState.PAPER && t.kind() == TitleKind.ORDER && t.party() != 0;
        if (madeOut || t.endorsement() == Endorsement.NAMED) t.setParty(principal);
        if (t.endorsement() == Endorsement.BLANK) t.setParty(0);
        t.setState(TitleState.LIVE);
        t.setHolder(principal);
        t.endLien();
    }

    /// @dev The act answers the open offer and comes from whom it was made to: of a surrender, who answers for the
    /// carrier.
    function _requireOfferee(Header memory act, Title memory t, uint256 principal) private view {
        _requireOffered(act, t);
        if (t.purpose() != 0) {
            _requireAnswering(act, t, principal);
        } else if (principal != t.counterparty()) {
            revert NotTheCounterparty(act.object, act.principal, _id(t.counterparty()));
        }
        _requireCounter(act, t.counter());
    }

    function _requireOfferNamed(Header memory act, bytes calldata words, Title memory t) private view {
        bytes32 offer = _titles[act.object].offer;
        bytes32 named = _named(words, t, rootOf(act.object));
        require(named == offer, OfferMismatch(act.object, offer, named));
    }

    /// @dev What the act names as the open offer, of a title with this root: an amendment by what identifies it, every
    /// other by its digest.
    function _named(bytes calldata words, Title memory t, bytes32 root) private pure returns (bytes32 offer) {
        offer = _own(words, 0);
        if (t.purpose() != SurrenderPurpose.AMENDMENT) offer = _offerId(offer, root);
    }
}
