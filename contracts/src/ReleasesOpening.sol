// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReleasesStore} from "./ReleasesStore.sol";
import {ConditionKind, OrderState, RightState, Role, TitleState} from "./generated/Words.sol";
import {ITitles} from "./interfaces/ITitles.sol";

/// @title ReleasesOpening
/// @notice An order opens with its conditions and pickup rights, and its conditions are set.
abstract contract ReleasesOpening is ReleasesStore {
    function _openOrder(Header memory act, bytes calldata words) internal {
        (uint256 carrier,) = _actor(act);
        bytes32 title = _own(words, 0);
        Order memory order;
        (order.loading, order.discharge) = _requireSurrendered(act, title, carrier);
        require(_orders[act.object].state == OrderState.NONE, OrderExists(act.object));
        bytes32 last = _orderOf[title];
        require(last == 0 || _orders[last].state == OrderState.CANCELLED, OrderExists(last));
        require(act.object != 0, ActMalformed());
        _requireCounter(act, 0);
        order.state = uint8(OrderState.OPEN);
        order.terminal = uint24(_requireAssigned(order.discharge, 0, Role.TERMINAL, _own(words, 2)));
        order.counter = 1;
        order.title = title;
        order.root = _own(words, 1);
        uint256 next = _openConditions(act, words, order, carrier);
        order.containers = _openRights(act, words, next);
        _orders[act.object] = order;
        _orderOf[title] = act.object;
        _ties[order.terminal]++;
        _done(act, words, 1);
    }

    function _setCondition(Header memory act, bytes calldata words) internal {
        (uint256 principal,) = _actor(act);
        bytes32 id = _own(words, 0);
        uint256 met = _ownUint(words, 1);
        Condition storage condition = _conditions[act.object];
        uint256 kind = condition.kind;
        require(kind != 0 && act.object == conditionId(id, kind), ObjectUnknown(act.object));
        // An absent carrier's freight is confirmed by who answers for it.
        uint256 named = kind == ConditionKind.FREIGHT ? _membership.answering(condition.member) : condition.member;
        if (named != principal) {
            // Not require(): it would look up the error's member id before every success.
            revert NotTheConditionMember(act.object, act.principal, _membership.memberAt(named));
        }
        Order storage order = _openOrderAt(id);
        _requireCounter(act, condition.counter);
        require(met <= 1, ActMalformed());
        uint16 bit = uint16(1 << kind);
        order.open = met == 1 ? order.open & ~bit : order.open | bit;
        condition.met = met == 1;
        _done(act, words, ++condition.counter);
    }

    /// @dev Returns the index of the own word after the conditions.
    function _openConditions(Header memory act, bytes calldata words, Order memory order, uint256 carrier)
        private
        returns (uint256 next)
    {
        bytes32[] calldata kinds;
        bytes32[] calldata members;
        (kinds, next) = _ownArray(words, 3);
        (members, next) = _ownArray(words, next);
        require(kinds.length != 0 && kinds.length == members.length, ConditionsMalformed());
        for (uint256 i = 0; i < kinds.length; i++) {
            _openCondition(act, order, carrier, uint256(kinds[i]), members[i]);
        }
        order.open = order.conditions;
    }

    function _openCondition(Header memory act, Order memory order, uint256 carrier, uint256 kind, bytes32 member)
        private
    {
        require(kind != 0 && kind <= ConditionKind.LAST, ConditionsMalformed());
        uint16 bit = uint16(1 << kind);
        require(order.conditions & bit == 0, ConditionsMalformed());
        order.conditions |= bit;
        uint256 number = carrier;
        if (kind == ConditionKind.FREIGHT) {
            require(member == act.principal, ConditionsMalformed());
        } else {
            uint256 elsewhere = kind >= ConditionKind.INSPECTION ? order.loading : 0;
            number = _requireAssigned(order.discharge, elsewhere, _roleFor(kind), member);
            require(kind != ConditionKind.TERMINAL || number == order.terminal, ConditionsMalformed());
        }
        _conditions[conditionId(act.object, kind)] = Condition(uint24(number), uint8(kind), false, 0);
    }

    /// @dev One pickup right a container.
    function _openRights(Header memory act, bytes calldata words, uint256 next) private returns (uint8 count) {
        (bytes32[] calldata containers,) = _ownArray(words, next);
        require(containers.length != 0, ContainersMalformed());
        uint32 number = uint32(_orderIds.length);
        _orderIds.push(act.object);
        for (uint256 i = 0; i < containers.length; i++) {
            Right storage right = _rights[rightId(act.object, containers[i])];
            require(right.state == RightState.NONE, ContainersMalformed());
            right.state = uint8(RightState.READY);
            right.order = number;
        }
        return uint8(containers.length);
    }

    /// @dev The title stands surrendered, and the principal answers for its carrier; returns the title's ports.
    function _requireSurrendered(Header memory act, bytes32 title, uint256 principal)
        private
        view
        returns (uint16 loading, uint16 discharge)
    {
        ITitles.DeliveryFacts memory facts = _titles().deliveryFacts(title);
        require(facts.state != TitleState.NONE, ObjectUnknown(title));
        _requireCarrier(act, principal, title, facts.carrier);
        require(facts.state == TitleState.SURRENDERED, TitleNotSurrendered(title, facts.state));
        return (uint16(facts.loading), uint16(facts.discharge));
    }

    /// @dev The member is active and assigned to the role at the port, or at the other one unless that is zero.
    function _requireAssigned(uint256 port, uint256 otherPort, uint256 role, bytes32 member)
        private
        returns (uint256 number)
    {
        (number,) = _member(member);
        bool assigned = _membership.assigned(port, role, member);
        if (!assigned && otherPort != 0) assigned = _membership.assigned(otherPort, role, member);
        require(assigned, NotAssigned(port, role, member));
    }

    /// @dev The role whose assigned members may be named for a condition of this kind.
    function _roleFor(uint256 kind) private pure returns (uint256 role) {
        if (kind == ConditionKind.CUSTOMS) return Role.CUSTOMS;
        if (kind == ConditionKind.INSPECTION) return Role.INSPECTION;
        if (kind == ConditionKind.QUARANTINE) return Role.QUARANTINE;
        return Role.TERMINAL; // terminal ready, verified mass
    }
}
