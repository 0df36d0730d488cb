// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TitleLiens} from "./TitleLiens.sol";
import {Title, TitleWord} from "./TitleWord.sol";
import {SurrenderPurpose, TitleState} from "./generated/Words.sol";
import {IDevices} from "./interfaces/IDevices.sol";
import {ITitles} from "./interfaces/ITitles.sol";

/// @title TitleSurrenders
/// @notice Surrender for delivery, amendment or paper, amendment with its consent, and what a delivery order does to
/// its title.
abstract contract TitleSurrenders is TitleLiens {
    using TitleWord for Title;

    /// @inheritdoc ITitles
    function settle(bytes32 title, bytes32 cause, uint256 state) external {
        require(msg.sender == _network.contractOf(keccak256("Releases")), IDevices.OnlyReleases());
        require(isOpen(), ContractClosed());
        uint256 before = _wordOf(title);
        Title memory t = Title(before);
        require(t.state() == TitleState.SURRENDERED, WrongState(title, t.state()));
        require(state == TitleState.LIVE || state == TitleState.DELIVERED, WrongState(title, state));
        t.setState(state);
        _save(title, before, t);
        emit Followed(title, cause, t.counter(), state);
    }

    function _surrender(Header memory act, bytes calldata words, Title memory t, uint256 principal) internal {
        bool byPledgee = principal == t.pledgee();
        if (!byPledgee) _requireHolder(act, t, principal);
        _requireCounter(act, t.counter());
        _requireUnfrozen(act, t);
        _requireNoOffer(act, t);
        uint256 purpose = _ownUint(words, 0);
        bytes32 amended = _own(words, 2);
        bytes32 root = _own(words, 1);
        if (purpose == SurrenderPurpose.AMENDMENT && !byPledgee) {
            _requireNoDefault(act, t);
            _requireRoot(act, root);
            require(amended != 0 && amended != root, AmendmentEmpty(act.object, amended));
            root = amended;
        } else {
            bool delivery = purpose == SurrenderPurpose.DELIVERY;
            require(delivery || (purpose == SurrenderPurpose.PAPER && !byPledgee), PurposeUnknown(purpose));
            _requireUnpledgedOrEnforceable(act, t, byPledgee);
            _requireRoot(act, root);
            require(amended == 0, ActMalformed());
            if (delivery && !byPledgee && t.party() != 0) _requireParty(act, t, principal, act.principal);
        }
        _openOffer(act, t, t.carrier(), _ownUint(words, 3), root);
        t.setPurpose(purpose);
    }

    function _consentAmendment(Header memory act, bytes calldata words, Title memory t, uint256 principal)
        internal
        view
    {
        _requireOffered(act, t);
        _requirePledgee(act, t, principal);
        _requireAmendment(act, words, t);
        require(t.consented() == 0, ConsentGiven(act.object));
        t.consent();
    }

    function _amend(Header memory act, bytes calldata words, Title memory t, uint256 principal) internal {
        _requireOffered(act, t);
        _requireAnswering(act, t, principal);
        _requireAmendment(act, words, t);
        _requireActive(t.holder());
        require(t.pledgee() == 0 || t.consented() == 1, ConsentMissing(act.object));
        require(t.version() < TitleWord.MAX_VERSION, TooManyVersions(act.object));
        t.nextVersion();
        _titles[act.object].root = _own(words, 1);
        t.closeOffer();
    }

    /// @dev The open offer is an amendment, still in time, and the act names its digest and the amended root.
    function _requireAmendment(Header memory act, bytes calldata words, Title memory t) private view {
        require(t.purpose() == SurrenderPurpose.AMENDMENT, PurposeUnknown(t.purpose()));
        _requireCounter(act, t.counter());
        _requireUnfrozen(act, t);
        bytes32 named = _offerId(_own(words, 0), _own(words, 1));
        bytes32 offer = _titles[act.object].offer;
        require(named == offer, AmendmentMismatch(act.object, offer, named));
        _requireInTime(act, t);
    }
}
