// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TitleLiens} from "./TitleLiens.sol";
import {Title, TitleWord} from "./TitleWord.sol";
import {FreezeStage, Role} from "./generated/Words.sol";
import {ITitles} from "./interfaces/ITitles.sol";

/// @title TitleOrders
/// @notice Invariant: a holder acting in every block cannot keep a freeze out.
/// @notice What authorities assigned to a title's ports do under an order: freeze, lift, and move it by two of them.
/// @dev These acts name no title counter: the order, used once a title, guards them.
abstract contract TitleOrders is TitleLiens {
    uint256 private constant AUTHORITY = Role.CUSTOMS | Role.REGULATOR;

    mapping(bytes32 title => mapping(bytes32 order => LegalOrder)) private _orders;

    /// @inheritdoc ITitles
    function legalOrderOf(bytes32 title, bytes32 order) public view returns (LegalOrder memory standing) {
        standing = _orders[title][order];
        if (standing.stage == FreezeStage.NONE && predecessor() != address(0)) {
            standing = ITitles(predecessor()).legalOrderOf(title, order);
            if (standing.stage == FreezeStage.PROPOSED) {
                // As open offers do, proposals lapse with a version; their waiting time was over.
                (standing.stage, standing.mark) = (uint8(FreezeStage.FROZEN), 0);
                (standing.proposer, standing.to, standing.endsLien) = (0, 0, false);
            }
        }
    }

    function _freeze(Header memory act, bytes calldata words, Title memory t, uint256 principal) internal {
        LegalOrder memory order = _orderBy(act, words, t);
        require(order.stage == FreezeStage.NONE, OrderUsed(act.object, _own(words, 1)));
        require(t.freezes < TitleWord.MAX_FREEZES, TooManyFreezes(act.object));
        t.freezes++;
        (, uint256 wait) = _membership.waitingTimes();
        (order.by, order.stage) = (uint24(principal), uint8(FreezeStage.FROZEN));
        order.mark = uint168(block.timestamp + wait);
        _orders[act.object][_own(words, 1)] = order;
    }

    function _lift(Header memory act, bytes calldata words, Title memory t, uint256 principal) internal {
        LegalOrder memory order = _standingBy(act, words, t);
        if (principal != order.by) revert NotTheAuthority(act.object, act.principal, _id(order.by));
        t.freezes--;
        order.stage = uint8(FreezeStage.LIFTED);
        _orders[act.object][_own(words, 1)] = order;
    }

    function _proposeTransfer(Header memory act, bytes calldata words, Title memory t, uint256 principal) internal {
        LegalOrder memory order = _standingBy(act, words, t);
        require(order.stage == FreezeStage.FROZEN, OrderUsed(act.object, _own(words, 1)));
        require(block.timestamp >= order.mark, TooEarly(act.object, order.mark));
        (uint256 to,) = _member(_own(words, 2));
        require(to != t.pledgee, PledgeeNeverHolds(act.object, _own(words, 2)));
        require(_ownUint(words, 3) <= 1, ActMalformed());
        (order.stage, order.mark) = (uint8(FreezeStage.PROPOSED), uint168(uint256(act.digest)));
        (order.proposer, order.to, order.endsLien) = (uint24(principal), uint24(to), _ownUint(words, 3) == 1);
        _orders[act.object][_own(words, 1)] = order;
    }

    function _confirmTransfer(Header memory act, bytes calldata words, Title memory t, uint256 principal) internal {
        LegalOrder memory order = _standingBy(act, words, t);
        require(
            order.stage == FreezeStage.PROPOSED && order.mark == uint168(_ownUint(words, 2)),
            ProposalMismatch(act.object, _own(words, 1), _own(words, 2))
        );
        require(principal != order.proposer, SecondAuthorityNeeded(act.object, act.principal));
        _requireActive(order.to);
        if (order.to == t.pledgee) revert PledgeeNeverHolds(act.object, _id(order.to));
        t.holder = order.to;
        if (t.party != 0) t.party = order.to;
        if (order.endsLien) _endLien(t);
        _closeOffer(t);
        order.stage = uint8(FreezeStage.TRANSFERRED);
        _orders[act.object][_own(words, 1)] = order;
    }

    /// @dev The order as it stands; the principal is an authority assigned to the port, one of the title's.
    function _orderBy(Header memory act, bytes calldata words, Title memory t)
        private
        view
        returns (LegalOrder memory order)
    {
        uint256 port = _ownUint(words, 0);
        bool ports = port == t.loading || port == t.discharge;
        require(
            ports && _membership.assigned(port, AUTHORITY, act.principal), NotAssigned(port, AUTHORITY, act.principal)
        );
        _requireCounter(act, 0);
        return legalOrderOf(act.object, _own(words, 1));
    }

    /// @dev The same, for an order under which the title is frozen.
    function _standingBy(Header memory act, bytes calldata words, Title memory t)
        private
        view
        returns (LegalOrder memory order)
    {
        order = _orderBy(act, words, t);
        bool standing = order.stage != FreezeStage.NONE && order.stage != FreezeStage.LIFTED;
        require(standing, NotFrozenUnder(act.object, _own(words, 1)));
    }
}
