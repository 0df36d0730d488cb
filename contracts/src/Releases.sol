// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MemberActs} from "./MemberActs.sol";
import {ReleasesVerbs} from "./generated/Verbs.sol";
import {ConditionKind, OrderState, Outcome, RightState, Role, TitleState} from "./generated/Words.sol";
import {IDevices} from "./interfaces/IDevices.sol";
import {INetwork} from "./interfaces/INetwork.sol";
import {IReleases} from "./interfaces/IReleases.sol";
import {ITitles} from "./interfaces/ITitles.sol";

/// @title Releases
/// @notice Invariant: a delivery order exists only from a title surrendered for delivery, and a title has one.
/// @notice Invariant: a pickup right is used once, and not while a condition is open or a lien stands.
/// @notice Invariant: only the member named for a condition sets it.
contract Releases is MemberActs, IReleases {
    struct Order {
        uint8 state;
        uint8 containers;
        uint8 returned;
        uint16 conditions; // bit k: has a condition of kind k
        uint16 open; // bit k: not met
        uint16 port; // of discharge
        uint24 terminal; // the member's number
        uint32 counter;
        bytes32 title;
        bytes32 root;
    }

    struct Condition {
        uint24 member;
        uint8 kind;
        bool met;
        uint32 counter;
    }

    struct Right {
        uint8 state;
        uint32 counter;
    }

    uint256 private constant GAS_CAP = 1_000_000;
    uint256 private constant LANE_ACT_SECONDS = 5 minutes;

    ITitles private immutable _titles;
    IDevices private immutable _devices;

    mapping(bytes32 id => Order) private _orders;
    mapping(bytes32 title => bytes32 order) private _orderOf;
    mapping(bytes32 id => Condition) private _conditions;
    mapping(bytes32 id => Right) private _rights;

    constructor(INetwork network) MemberActs(network, keccak256("Releases"), GAS_CAP, address(0)) {
        _titles = ITitles(network.contractOf(keccak256("Titles")));
        _devices = IDevices(network.contractOf(keccak256("Devices")));
    }

    /// @inheritdoc IReleases
    function orderOf(bytes32 id) external view returns (OrderView memory order) {
        Order memory o = _orders[id];
        return OrderView({
            state: o.state,
            counter: o.counter,
            title: o.title,
            root: o.root,
            terminal: _membership.memberAt(o.terminal),
            port: o.port,
            conditions: o.conditions,
            open: o.open,
            containers: o.containers,
            returned: o.returned
        });
    }

    /// @inheritdoc IReleases
    function orderOfTitle(bytes32 title) external view returns (bytes32 order) {
        return _orderOf[title];
    }

    /// @inheritdoc IReleases
    function conditionOf(bytes32 condition)
        external
        view
        returns (uint256 kind, bytes32 member, bool met, uint256 counter)
    {
        Condition memory c = _conditions[condition];
        return (c.kind, _membership.memberAt(c.member), c.met, c.counter);
    }

    /// @inheritdoc IReleases
    function rightOf(bytes32 right) external view returns (uint256 state, uint256 counter) {
        return (_rights[right].state, _rights[right].counter);
    }

    /// @inheritdoc IReleases
    function conditionId(bytes32 order, uint256 kind) public pure returns (bytes32 id) {
        return keccak256(abi.encode(order, kind));
    }

    /// @inheritdoc IReleases
    function rightId(bytes32 order, bytes32 container) public pure returns (bytes32 id) {
        return keccak256(abi.encode(order, container));
    }

    function _shape(uint256 verb)
        internal
        pure
        override
        returns (bytes32 typeHash, uint256 statics, uint256 arrays, bool attaches)
    {
        return ReleasesVerbs.shape(verb);
    }

    function _delegable() internal pure override returns (uint256 mask) {
        return ReleasesVerbs.DELEGABLE;
    }

    function _perform(Header memory act, bytes calldata words, bytes calldata) internal override {
        if (act.verb == ReleasesVerbs.OPEN_ORDER) _openOrder(act, words);
        else if (act.verb == ReleasesVerbs.SET_CONDITION) _setCondition(act, words);
        else if (act.verb == ReleasesVerbs.GATE_OUT) _gateOut(act, words);
        else _returnEmpty(act, words);
    }

    function _openOrder(Header memory act, bytes calldata words) private {
        (uint256 carrier,) = _actor(act);
        bytes32 title = _own(words, 0);
        Order memory order;
        order.port = _requireSurrendered(act, title);
        require(_orders[act.object].state == OrderState.NONE, OrderExists(act.object));
        require(_orderOf[title] == 0, OrderExists(_orderOf[title]));
        require(act.object != 0, ActMalformed());
        _requireCounter(act, 0);
        order.state = uint8(OrderState.OPEN);
        order.terminal = uint24(_requireAssigned(order.port, Role.TERMINAL, _own(words, 2)));
        order.counter = 1;
        order.title = title;
        order.root = _own(words, 1);
        uint256 next = _openConditions(act, words, order, carrier);
        order.containers = _openRights(act, words, next);
        _orders[act.object] = order;
        _orderOf[title] = act.object;
        _done(act, words, 1);
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
            number = _requireAssigned(order.port, _roleFor(kind), member);
            require(kind != ConditionKind.TERMINAL || number == order.terminal, ConditionsMalformed());
        }
        _conditions[conditionId(act.object, kind)] = Condition(uint24(number), uint8(kind), false, 0);
    }

    /// @dev One pickup right a container.
    function _openRights(Header memory act, bytes calldata words, uint256 next) private returns (uint8 count) {
        (bytes32[] calldata containers,) = _ownArray(words, next);
        require(containers.length != 0, ContainersMalformed());
        for (uint256 i = 0; i < containers.length; i++) {
            Right storage right = _rights[rightId(act.object, containers[i])];
            require(right.state == RightState.NONE, ContainersMalformed());
            right.state = uint8(RightState.READY);
        }
        return uint8(containers.length);
    }

    function _setCondition(Header memory act, bytes calldata words) private {
        (uint256 principal,) = _actor(act);
        bytes32 id = _own(words, 0);
        uint256 met = _ownUint(words, 1);
        Condition storage condition = _conditions[act.object];
        Order storage order = _orders[id];
        require(condition.kind != 0 && act.object == conditionId(id, condition.kind), ObjectUnknown(act.object));
        if (condition.member != principal) {
            // Not require(): it would look up the error's member id before every success.
            revert NotTheConditionMember(act.object, act.principal, _membership.memberAt(condition.member));
        }
        require(order.state == OrderState.OPEN, WrongState(id, order.state));
        _requireCounter(act, condition.counter);
        require(met <= 1, ActMalformed());
        uint16 bit = uint16(1 << condition.kind);
        order.open = met == 1 ? order.open & ~bit : order.open | bit;
        condition.met = met == 1;
        _done(act, words, ++condition.counter);
    }

    function _gateOut(Header memory act, bytes calldata words) private {
        (Order storage order, Right storage right) = _requireLaneAct(act, words);
        require(right.state == RightState.READY, RightUsed(act.object));
        _requireCounter(act, right.counter);
        _devices.advance(_own(words, 2), _ownUint(words, 3));
        uint32 counter = ++right.counter;
        ITitles.DeliveryFacts memory facts = _titles.deliveryFacts(order.title);
        if (order.open != 0 || facts.frozen || facts.state != TitleState.SURRENDERED) {
            // Kept, not reverted: the lane saw the container come too early, and this act must not work later.
            _acted(act, words, counter, Outcome.RECORDED_REFUSAL);
            return;
        }
        right.state = uint8(RightState.USED);
        _done(act, words, counter);
    }

    function _returnEmpty(Header memory act, bytes calldata words) private {
        (Order storage order, Right storage right) = _requireLaneAct(act, words);
        require(right.state == RightState.USED, WrongState(act.object, right.state));
        _requireCounter(act, right.counter);
        _devices.advance(_own(words, 2), _ownUint(words, 3));
        right.state = uint8(RightState.RETURNED);
        _done(act, words, ++right.counter);
        if (++order.returned == order.containers) {
            order.state = uint8(OrderState.CLOSED);
            emit Followed(_own(words, 0), act.digest, ++order.counter, OrderState.CLOSED);
        }
    }

    /// @dev The act is signed by a good lane of the order's terminal, and names a right of the order.
    function _requireLaneAct(Header memory act, bytes calldata words)
        private
        returns (Order storage order, Right storage right)
    {
        bytes32 id = _own(words, 0);
        order = _orders[id];
        right = _rights[act.object];
        require(order.state != OrderState.NONE, ObjectUnknown(id));
        require(right.state != RightState.NONE && act.object == rightId(id, _own(words, 1)), ObjectUnknown(act.object));
        (uint256 principal,) = _member(act.principal);
        if (principal != order.terminal) {
            revert NotTheTerminal(id, act.principal, _membership.memberAt(order.terminal));
        }
        _devices.requireLane(_own(words, 2), act.principal, act.key, order.port);
        uint256 expires = uint256(_word(words, EXPIRES));
        require(expires <= block.timestamp + LANE_ACT_SECONDS, LaneActTooFarAhead(expires));
    }

    /// @dev The title stands surrendered to the principal, its carrier; returns the port of discharge.
    function _requireSurrendered(Header memory act, bytes32 title) private view returns (uint16 port) {
        ITitles.DeliveryFacts memory facts = _titles.deliveryFacts(title);
        require(facts.state != TitleState.NONE, ObjectUnknown(title));
        bytes32 carrier = _membership.memberAt(facts.carrier);
        require(act.principal == carrier, ITitles.NotTheCarrier(title, act.principal, carrier));
        require(facts.state == TitleState.SURRENDERED, TitleNotSurrendered(title, facts.state));
        return uint16(facts.discharge);
    }

    function _requireAssigned(uint256 port, uint256 role, bytes32 member) private returns (uint256 number) {
        (number,) = _member(member);
        require(_membership.assigned(port, role, member), NotAssigned(port, role, member));
    }

    /// @dev The role whose assigned members may be named for a condition of this kind.
    function _roleFor(uint256 kind) private pure returns (uint256 role) {
        if (kind == ConditionKind.CUSTOMS) return Role.CUSTOMS;
        if (kind == ConditionKind.INSPECTION) return Role.INSPECTION;
        if (kind == ConditionKind.QUARANTINE) return Role.QUARANTINE;
        return Role.TERMINAL; // terminal ready, verified mass
    }
}
