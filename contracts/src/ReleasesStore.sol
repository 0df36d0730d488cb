// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MemberActs} from "./MemberActs.sol";
import {OrderState, RightState} from "./generated/Words.sol";
import {IDevices} from "./interfaces/IDevices.sol";
import {IReleases} from "./interfaces/IReleases.sol";
import {ITies} from "./interfaces/ITies.sol";
import {ITitles} from "./interfaces/ITitles.sol";

/// @title ReleasesStore
/// @notice What Releases keeps, and how it is read.
abstract contract ReleasesStore is MemberActs, IReleases, ITies {
    struct Order {
        uint8 state;
        uint8 containers;
        uint8 gone; // rights that lanes have used
        uint8 returned;
        uint8 received; // EIR in
        uint16 conditions; // bit k: has a condition of kind k
        uint16 open; // bit k: not met
        uint16 loading; // port
        uint16 discharge; // port
        uint24 terminal; // the member's number
        uint32 holds;
        uint32 counter;
        bytes32 title;
        bytes32 root;
        bytes32 cancellation; // digest of the last proposal
    }

    struct Condition {
        uint24 member;
        uint8 kind;
        bool met;
        uint32 counter;
    }

    struct Right {
        uint8 state;
        uint8 interchanged; // bit d: the EIR of Direction d is recorded
        uint24 owner; // 0: who is entitled to the title
        uint24 to; // of the open offer; 0 for none
        uint48 deadline;
        uint32 counter;
        uint32 order; // its place among the orders
        bytes32 offer; // digest of the last one
        bytes32 reports; // with which it was used last
        bytes32 misread; // digest of the open proposal to reinstate it
    }

    struct Hold {
        uint24 by;
        bool stands;
    }

    bytes32[] internal _orderIds; // so that a right names its order in the word it has anyway
    mapping(bytes32 id => Order) internal _orders;
    mapping(bytes32 title => bytes32 order) internal _orderOf;
    mapping(bytes32 id => Condition) internal _conditions;
    mapping(bytes32 id => Right) internal _rights;
    mapping(bytes32 id => Hold) internal _holds;
    mapping(uint256 number => uint256 openOrders) internal _ties;

    /// @inheritdoc IReleases
    function orderOf(bytes32 id) external view returns (OrderView memory order) {
        Order memory o = _orders[id];
        order.state = o.state;
        order.counter = o.counter;
        order.title = o.title;
        order.root = o.root;
        order.terminal = _membership.memberAt(o.terminal);
        order.port = o.discharge;
        order.loading = o.loading;
        order.conditions = o.conditions;
        order.open = o.open;
        order.containers = o.containers;
        order.gone = o.gone;
        order.returned = o.returned;
        order.received = o.received;
        order.holds = o.holds;
        order.cancellation = o.cancellation;
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
    function rightOf(bytes32 id) external view returns (RightView memory right) {
        Right memory r = _rights[id];
        if (r.state == RightState.NONE) return right;
        right.state = r.state;
        right.counter = r.counter;
        right.order = _orderIds[r.order];
        right.owner = _membership.memberAt(r.owner);
        if (r.to != 0) {
            (right.to, right.offer, right.deadline) = (_membership.memberAt(r.to), r.offer, r.deadline);
        }
        right.interchanged = r.interchanged;
        right.reports = r.reports;
        right.misread = r.misread;
    }

    /// @inheritdoc IReleases
    function holdOf(bytes32 order, bytes32 legalOrder) external view returns (bytes32 by, bool stands) {
        Hold memory hold = _holds[_holdId(order, legalOrder)];
        return (_membership.memberAt(hold.by), hold.stands);
    }

    /// @inheritdoc ITies
    function tiesOf(uint256 number) external view returns (uint256 ties) {
        return _ties[number];
    }

    /// @inheritdoc IReleases
    function conditionId(bytes32 order, uint256 kind) public pure returns (bytes32 id) {
        return keccak256(abi.encode(order, kind));
    }

    /// @inheritdoc IReleases
    function rightId(bytes32 order, bytes32 container) public pure returns (bytes32 id) {
        return keccak256(abi.encode(order, container));
    }

    function _holdId(bytes32 order, bytes32 legalOrder) internal pure returns (bytes32 id) {
        return keccak256(abi.encode(order, legalOrder));
    }

    function _titles() internal view returns (ITitles titles) {
        return ITitles(_network.contractOf(keccak256("Titles")));
    }

    function _devices() internal view returns (IDevices devices) {
        return IDevices(_network.contractOf(keccak256("Devices")));
    }

    /// @dev An order that exists and is open.
    function _openOrderAt(bytes32 id) internal view returns (Order storage order) {
        order = _orders[id];
        require(order.state != OrderState.NONE, ObjectUnknown(id));
        require(order.state == OrderState.OPEN, WrongState(id, order.state));
    }

    /// @dev A right in `state` of an order that is open; the order's id comes last.
    function _rightIn(bytes32 id, uint256 state)
        internal
        view
        returns (Right storage right, Order storage order, bytes32 orderId)
    {
        right = _rights[id];
        require(right.state != RightState.NONE, ObjectUnknown(id));
        orderId = _orderIds[right.order];
        order = _openOrderAt(orderId);
        require(right.state == state, WrongState(id, right.state));
    }

    /// @dev Neither an authority's hold nor a freeze keeps the order's rights and title from moving; returns the number
    /// of who is entitled to the title.
    function _requireFree(bytes32 id, Order storage order) internal view returns (uint256 entitled) {
        require(order.holds == 0, OrderHeld(id));
        ITitles.DeliveryFacts memory facts = _titles().deliveryFacts(order.title);
        require(!facts.frozen, ITitles.TitleFrozen(order.title));
        return facts.entitled;
    }

    /// @dev The principal answers for the title's carrier.
    function _requireCarrier(Header memory act, uint256 principal, bytes32 title, uint256 carrier) internal view {
        uint256 answering = _membership.answering(carrier);
        if (principal != answering) {
            revert ITitles.NotTheCarrier(title, act.principal, _membership.memberAt(answering));
        }
    }

    function _requireProposal(bytes32 id, bytes32 proposal, bytes32 given) internal pure {
        require(proposal != 0 && given == proposal, NotTheProposal(id, proposal, given));
    }

    /// @dev The order ends as `state`, and its title with it as `titleState`, because of the act with this digest.
    function _settle(Order storage order, uint256 state, uint256 titleState, bytes32 cause) internal {
        order.state = uint8(state);
        _ties[order.terminal]--;
        _titles().settle(order.title, cause, titleState);
    }
}
