// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReleasesStore} from "./ReleasesStore.sol";
import {Direction, RightState, Role} from "./generated/Words.sol";
import {ITitles} from "./interfaces/ITitles.sol";

/// @title ReleasesRights
/// @notice A pickup right passes to a truck company; one that a misread used lives again.
abstract contract ReleasesRights is ReleasesStore {
    uint256 private constant MAX_OFFER_SECONDS = 90 days;

    /// @dev A later offer takes the place of an earlier one: this is how an owner takes one back.
    function _transferRight(Header memory act, bytes calldata words) internal {
        (uint256 principal,) = _actor(act);
        (Right storage right, Order storage order, bytes32 orderId) = _rightIn(act.object, RightState.READY);
        uint256 owner = _movableBy(right, order, orderId);
        if (principal != owner) {
            revert NotTheRightsOwner(act.object, act.principal, _membership.memberAt(owner));
        }
        _requireCounter(act, right.counter);
        (uint256 to, uint256 roles) = _member(_own(words, 0));
        require(roles & Role.TRUCK != 0, RoleMissing(_own(words, 0), Role.TRUCK));
        require(to != owner, OfferToOwner(act.object));
        uint256 deadline = _ownUint(words, 1);
        require(
            deadline > block.timestamp && deadline <= block.timestamp + MAX_OFFER_SECONDS,
            ITitles.DeadlineOutOfRange(deadline)
        );
        right.to = uint24(to);
        right.deadline = uint48(deadline);
        right.offer = act.digest;
        _done(act, words, ++right.counter);
    }

    function _acceptRight(Header memory act, bytes calldata words) internal {
        (uint256 principal, uint256 roles) = _actor(act);
        (Right storage right, Order storage order, bytes32 orderId) = _rightIn(act.object, RightState.READY);
        uint256 to = right.to;
        require(to != 0, RightNotOffered(act.object));
        if (principal != to) {
            revert NotTheOfferee(act.object, act.principal, _membership.memberAt(to));
        }
        _requireCounter(act, right.counter);
        bytes32 offer = _own(words, 0);
        require(offer == right.offer, RightOfferMismatch(act.object, right.offer, offer));
        require(block.timestamp <= right.deadline, RightOfferLapsed(act.object, right.deadline));
        require(roles & Role.TRUCK != 0, RoleMissing(act.principal, Role.TRUCK));
        _requireActive(_movableBy(right, order, orderId));
        right.owner = uint24(principal);
        right.to = 0;
        _done(act, words, ++right.counter);
    }

    function _proposeReinstatement(Header memory act, bytes calldata words) internal {
        (uint256 principal,) = _actor(act);
        (Right storage right, Order storage order, bytes32 orderId) = _rightIn(act.object, RightState.USED);
        if (principal != order.terminal) {
            revert NotTheTerminal(orderId, act.principal, _membership.memberAt(order.terminal));
        }
        _requireCounter(act, right.counter);
        _requireNotIn(act.object, right);
        bytes32 reports = _own(words, 0);
        require(reports == right.reports, ReportsMismatch(act.object, right.reports, reports));
        right.misread = act.digest;
        _done(act, words, ++right.counter);
    }

    function _confirmReinstatement(Header memory act, bytes calldata words) internal {
        (uint256 principal,) = _actor(act);
        (Right storage right, Order storage order,) = _rightIn(act.object, RightState.USED);
        _requireCarrier(act, principal, order.title, _titles().deliveryFacts(order.title).carrier);
        _requireCounter(act, right.counter);
        _requireNotIn(act.object, right);
        _requireProposal(act.object, right.misread, _own(words, 0));
        right.state = uint8(RightState.READY);
        right.interchanged = 0;
        right.misread = 0;
        order.gone--;
        _done(act, words, ++right.counter);
    }

    /// @dev The owner of a right that nothing keeps from moving.
    function _movableBy(Right storage right, Order storage order, bytes32 orderId)
        private
        view
        returns (uint256 owner)
    {
        uint256 entitled = _requireFree(orderId, order);
        owner = right.owner;
        if (owner == 0) owner = entitled;
    }

    /// @dev A container that was handed in again was out: nothing was misread.
    function _requireNotIn(bytes32 id, Right storage right) private view {
        require((right.interchanged >> Direction.IN) & 1 == 0, InterchangeRecorded(id, Direction.IN));
    }
}
