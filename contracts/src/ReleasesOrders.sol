// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReleasesStore} from "./ReleasesStore.sol";
import {OrderState, Role, TitleState} from "./generated/Words.sol";
import {ITitles} from "./interfaces/ITitles.sol";

/// @title ReleasesOrders
/// @notice An authority holds an order and lifts its hold; carrier and holder together cancel one.
abstract contract ReleasesOrders is ReleasesStore {
    uint256 private constant AUTHORITIES = Role.CUSTOMS | Role.REGULATOR | Role.INSPECTION | Role.QUARANTINE;

    /// @dev No counter is asked for: a legal order is used once an order, whatever the others do meanwhile.
    function _holdOrder(Header memory act, bytes calldata words) internal {
        (uint256 by,) = _actor(act);
        Order storage order = _openOrderAt(act.object);
        _requireAuthority(act, words, order);
        bytes32 legal = _own(words, 1);
        Hold storage hold = _holds[_holdId(act.object, legal)];
        require(hold.by == 0, LegalOrderUsed(act.object, legal));
        hold.by = uint24(by);
        hold.stands = true;
        order.holds++;
        _done(act, words, ++order.counter);
    }

    function _liftHold(Header memory act, bytes calldata words) internal {
        (uint256 by,) = _actor(act);
        Order storage order = _orders[act.object];
        require(order.state != OrderState.NONE, ObjectUnknown(act.object));
        _requireAuthority(act, words, order);
        bytes32 legal = _own(words, 1);
        Hold storage hold = _holds[_holdId(act.object, legal)];
        require(hold.stands, NotHeldUnder(act.object, legal));
        if (hold.by != by) {
            // Once the one that held has no more authority at the title's ports, another one lifts for it.
            bytes32 holder = _membership.memberAt(hold.by);
            bool assigned = _membership.assigned(order.loading, AUTHORITIES, holder)
                || _membership.assigned(order.discharge, AUTHORITIES, holder);
            require(!assigned, NotTheHoldingAuthority(act.object, act.principal, holder));
        }
        hold.stands = false;
        order.holds--;
        _done(act, words, ++order.counter);
    }

    function _proposeCancellation(Header memory act, bytes calldata words) internal {
        (uint256 principal,) = _actor(act);
        Order storage order = _openOrderAt(act.object);
        _requireCarrier(act, principal, order.title, _titles().deliveryFacts(order.title).carrier);
        _requireCounter(act, order.counter);
        require(order.gone == 0, ContainersGone(act.object, order.gone));
        order.cancellation = act.digest;
        _done(act, words, ++order.counter);
    }

    function _confirmCancellation(Header memory act, bytes calldata words) internal {
        (uint256 principal,) = _actor(act);
        Order storage order = _openOrderAt(act.object);
        uint256 entitled = _requireFree(act.object, order);
        if (principal != entitled) {
            revert ITitles.NotTheHolder(order.title, act.principal, _membership.memberAt(entitled));
        }
        _requireCounter(act, order.counter);
        _requireProposal(act.object, order.cancellation, _own(words, 0));
        require(order.gone == 0, ContainersGone(act.object, order.gone));
        _done(act, words, ++order.counter);
        _settle(order, OrderState.CANCELLED, TitleState.LIVE, act.digest);
    }

    /// @dev The principal is an authority assigned at the port it names, one of the title's.
    function _requireAuthority(Header memory act, bytes calldata words, Order storage order) private view {
        uint256 port = _ownUint(words, 0);
        require(port == order.loading || port == order.discharge, PortUnknown(port));
        require(_membership.assigned(port, AUTHORITIES, act.principal), NotAssigned(port, AUTHORITIES, act.principal));
    }
}
