// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TitleLiens} from "./TitleLiens.sol";
import {Title, TitleWord} from "./TitleWord.sol";
import {Capacity, Endorsement, Role, TitleKind, TitleState} from "./generated/Words.sol";

/// @title TitleOffers
/// @notice Invariant: a bill is issued once.
/// @notice Issue, offers of a title as holder or as security, return from paper, void.
abstract contract TitleOffers is TitleLiens {
    using TitleWord for Title;

    function _issue(Header memory act, bytes calldata words, Title memory t, uint256 carrier, uint256 roles) internal {
        require(roles & Role.CARRIER != 0, RoleMissing(act.principal, Role.CARRIER));
        require(t.state() == TitleState.NONE, TitleExists(act.object));
        _requireCounter(act, 0);
        uint256 kind = _ownUint(words, 0);
        require(kind == TitleKind.STRAIGHT || kind == TitleKind.ORDER, KindUnknown(kind));
        t.setState(TitleState.ISSUED);
        t.setKind(kind);
        t.nextVersion();
        t.setCarrier(carrier);
        if (kind == TitleKind.STRAIGHT || _own(words, 1) != 0) {
            (uint256 party,) = _member(_own(words, 1));
            t.setParty(party);
        }
        t.setLoading(_port(_ownUint(words, 4)));
        t.setDischarge(_port(_ownUint(words, 5)));
        bytes32 root = _own(words, 6);
        _offerTo(act, t, _own(words, 2), _ownUint(words, 3), root);
        t.setCapacity(Capacity.HOLDER);
        _titles[act.object].root = root;
    }

    function _offer(Header memory act, bytes calldata words, Title memory t, uint256 principal) internal {
        bool byPledgee = principal == t.pledgee();
        if (t.state() == TitleState.ISSUED) _requireCarrier(act, t, principal);
        else if (!byPledgee) _requireHolder(act, t, principal);
        _requireOffering(act, t, _own(words, 4));
        bytes32 to = _own(words, 0);
        uint256 roles = _offerTo(act, t, to, _ownUint(words, 3), _own(words, 4));
        uint256 capacity = _ownUint(words, 1);
        uint256 endorsement = _ownUint(words, 2);
        if (t.state() == TitleState.LIVE) _requireUnpledgedOrEnforceable(act, t, byPledgee);
        if (t.state() == TitleState.LIVE && t.kind() == TitleKind.ORDER && !byPledgee && capacity == Capacity.PLEDGEE) {
            _requireWithoutEndorsement(act, endorsement);
            require(roles & Role.BANK != 0, RoleMissing(to, Role.BANK));
        } else {
            require(capacity == Capacity.HOLDER, CapacityUnknown(capacity));
            if (t.state() == TitleState.ISSUED) _requireWithoutEndorsement(act, endorsement);
            else _requireHandOver(act, t, to, endorsement);
        }
        t.setCapacity(capacity);
        t.setEndorsement(endorsement);
    }

    function _returnFromPaper(Header memory act, bytes calldata words, Title memory t, uint256 principal) internal {
        _requireCarrier(act, t, principal);
        _requireOffering(act, t, _own(words, 2));
        _offerTo(act, t, _own(words, 0), _ownUint(words, 1), _own(words, 2));
        t.setCapacity(Capacity.HOLDER);
    }

    function _voidTitle(Header memory act, Title memory t, uint256 principal) internal view {
        _requireCarrier(act, t, principal);
        _requireCounter(act, t.counter());
        _requireUnfrozen(act, t);
        t.setState(TitleState.VOID);
        t.closeOffer();
    }

    /// @dev What every offer but the first needs of the title, named by its root.
    function _requireOffering(Header memory act, Title memory t, bytes32 root) private view {
        _requireCounter(act, t.counter());
        _requireUnfrozen(act, t);
        _requireNoOffer(act, t);
        _requireRoot(act, root);
    }

    /// @dev Open an offer to an active member other than the principal; returns that member's roles.
    function _offerTo(Header memory act, Title memory t, bytes32 to, uint256 deadline, bytes32 root)
        private
        returns (uint256 roles)
    {
        require(to != act.principal, OfferToSelf(act.object));
        uint256 counterparty;
        (counterparty, roles) = _member(to);
        _openOffer(act, t, counterparty, deadline, root);
    }

    /// @dev To whom and with which endorsement a live title can be handed over.
    function _requireHandOver(Header memory act, Title memory t, bytes32 to, uint256 endorsement) private view {
        if (t.kind() == TitleKind.STRAIGHT) {
            require(t.holder() != t.party(), KindRefuses(act.object));
            _requireWithoutEndorsement(act, endorsement);
            _requireParty(act, t, t.counterparty(), to);
        } else if (t.party() == 0) {
            require(endorsement <= Endorsement.LAST, EndorsementRefused(act.object, endorsement));
        } else if (t.party() == t.holder()) {
            require(
                endorsement == Endorsement.NAMED || endorsement == Endorsement.BLANK,
                EndorsementRefused(act.object, endorsement)
            );
        } else {
            _requireWithoutEndorsement(act, endorsement);
            _requireParty(act, t, t.counterparty(), to);
        }
    }

    function _requireWithoutEndorsement(Header memory act, uint256 endorsement) private pure {
        require(endorsement == Endorsement.NONE, EndorsementRefused(act.object, endorsement));
    }

    function _port(uint256 port) private pure returns (uint256 same) {
        require(port != 0 && port <= type(uint16).max, PortUnknown(port));
        return port;
    }
}
