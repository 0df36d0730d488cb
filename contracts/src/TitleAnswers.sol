// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TitleLiens} from "./TitleLiens.sol";
import {Title} from "./TitleWord.sol";
import {Capacity, Endorsement, SurrenderPurpose, TitleKind, TitleState} from "./generated/Words.sol";

/// @title TitleAnswers
/// @notice Invariant: no move before acceptance.
/// @notice What the open offer is answered with: accept, decline, withdraw.
abstract contract TitleAnswers is TitleLiens {
    function _accept(Header memory act, bytes calldata words, Title memory t, uint256 principal) internal {
        _requireOfferee(act, words, t, principal);
        _requireUnfrozen(act, t);
        _requireRoot(act, _own(words, 1));
        _requireInTime(act, t);
        _requireActive(_offerer(t));
        if (t.purpose == 0) {
            if (t.capacity == Capacity.PLEDGEE) t.pledgee = principal;
            else _take(t, principal);
        } else if (t.purpose == SurrenderPurpose.DELIVERY) {
            t.state = TitleState.SURRENDERED;
        } else {
            require(t.purpose == SurrenderPurpose.PAPER, PurposeUnknown(t.purpose));
            (t.state, t.holder) = (TitleState.PAPER, 0);
        }
        _closeOffer(t);
    }

    function _decline(Header memory act, bytes calldata words, Title memory t, uint256 principal) internal view {
        _requireOfferee(act, words, t, principal);
        _closeOffer(t);
    }

    function _withdraw(Header memory act, bytes calldata words, Title memory t, uint256 principal) internal view {
        _requireOffered(act, t);
        uint256 offerer = _offerer(t);
        if (principal != offerer) revert NotTheController(act.object, act.principal, _id(offerer));
        _requireOfferNamed(act, words, t);
        _closeOffer(t);
    }

    /// @dev The offeree becomes holder: the first, the next, the buyer of a pledged title, or out of paper.
    function _take(Title memory t, uint256 principal) private pure {
        bool madeOut = t.state == TitleState.PAPER && t.kind == TitleKind.ORDER && t.party != 0;
        if (madeOut || t.endorsement == Endorsement.NAMED) t.party = principal;
        if (t.endorsement == Endorsement.BLANK) t.party = 0;
        (t.state, t.holder) = (TitleState.LIVE, principal);
        _endLien(t);
    }

    /// @dev The act answers the open offer and comes from whom it was made to: of a surrender, who answers for the
    /// carrier.
    function _requireOfferee(Header memory act, bytes calldata words, Title memory t, uint256 principal) private view {
        _requireOffered(act, t);
        if (t.purpose != 0) {
            _requireAnswering(act, t, principal);
        } else if (principal != t.counterparty) {
            revert NotTheCounterparty(act.object, act.principal, _id(t.counterparty));
        }
        _requireOfferNamed(act, words, t);
    }

    function _requireOfferNamed(Header memory act, bytes calldata words, Title memory t) private view {
        _requireCounter(act, t.counter);
        bytes32 offer = _titles[act.object].offer;
        require(_own(words, 0) == offer, OfferMismatch(act.object, offer, _own(words, 0)));
    }
}
