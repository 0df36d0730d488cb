// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IActs} from "./IActs.sol";

/// @title Releases: delivery orders, their conditions and pickup rights
/// @notice Warning: a pickup right that a lane has used lives again only when terminal and carrier together say that
/// the lane misread; together they could let a container out twice, in the open.
interface IReleases is IActs {
    /// @notice A delivery order as it stands.
    struct OrderView {
        uint256 state; // OrderState
        uint256 counter;
        bytes32 title; // that was surrendered
        bytes32 root; // of the delivery order document's field tree
        bytes32 terminal; // member id
        uint256 port; // of discharge
        uint256 loading; // port of loading
        uint256 conditions; // bit k: it has a condition of ConditionKind k
        uint256 open; // bit k: that condition is not met
        uint256 containers; // how many
        uint256 gone; // how many of its rights are used
        uint256 returned; // how many came back empty
        uint256 received; // of how many the EIR in is recorded
        uint256 holds; // how many authorities' holds stand
        bytes32 cancellation; // digest of the last proposal to cancel; zero for none
    }

    /// @notice A pickup right as it stands; members by their ids, zero for none.
    struct RightView {
        uint256 state; // RightState
        uint256 counter;
        bytes32 order;
        bytes32 owner; // the truck company that accepted it; zero: who is entitled to the title
        bytes32 to; // of the open offer
        bytes32 offer; // digest of the open offer
        uint256 deadline; // of the open offer: the last second (UTC) in which it can be accepted
        uint256 interchanged; // bit d: the EIR of Direction d is recorded
        bytes32 reports; // hash of the reports with which it was used last
        bytes32 misread; // digest of the open proposal to reinstate it; zero for none
    }

    /// @notice The order exists, or the title has this one already.
    error OrderExists(bytes32 order);
    /// @notice A delivery order exists only from a title surrendered for delivery.
    error TitleNotSurrendered(bytes32 title, uint256 state);
    /// @notice Conditions are 1 to 6 different kinds, each with its member: freight the carrier, terminal the terminal.
    error ConditionsMalformed();
    /// @notice Containers are 1 to 16 different tags.
    error ContainersMalformed();
    /// @notice Only the member named when the order opened sets the condition; freight: who answers for it now.
    error NotTheConditionMember(bytes32 condition, bytes32 principal, bytes32 named);
    /// @notice The order's rights are used at another terminal.
    error NotTheTerminal(bytes32 order, bytes32 principal, bytes32 terminal);
    /// @notice The pickup right was used before.
    error RightUsed(bytes32 right);
    /// @notice Another member owns the pickup right.
    error NotTheRightsOwner(bytes32 right, bytes32 principal, bytes32 owner);
    /// @notice The pickup right is not offered to anybody.
    error RightNotOffered(bytes32 right);
    /// @notice The pickup right is offered to another member.
    error NotTheOfferee(bytes32 right, bytes32 principal, bytes32 offeree);
    /// @notice The act names another offer than the open one, the last that the owner made.
    error RightOfferMismatch(bytes32 right, bytes32 offer, bytes32 given);
    /// @notice The right could be accepted until `deadline` (UTC seconds).
    error RightOfferLapsed(bytes32 right, uint256 deadline);
    /// @notice A right is offered to another member than its owner.
    error OfferToOwner(bytes32 right);
    /// @notice A lane act expires at most 5 minutes ahead.
    error LaneActTooFarAhead(uint256 expires);
    /// @notice Equipment is handed over out or in.
    error DirectionUnknown(uint256 direction);
    /// @notice The container's EIR of this direction is recorded, once.
    error InterchangeRecorded(bytes32 right, uint256 direction);
    /// @notice The EIR out comes before the EIR in.
    error InterchangeOutMissing(bytes32 right);
    /// @notice The right was used with other reports.
    error ReportsMismatch(bytes32 right, bytes32 reports, bytes32 given);
    /// @notice An authority's hold stands.
    error OrderHeld(bytes32 order);
    /// @notice This legal order held the order before.
    error LegalOrderUsed(bytes32 order, bytes32 legalOrder);
    /// @notice Another authority, still assigned to one of the ports, holds the order under this legal order.
    error NotTheHoldingAuthority(bytes32 order, bytes32 principal, bytes32 authority);
    /// @notice The act names another proposal than the last one, to reinstate the right or to cancel the order.
    error NotTheProposal(bytes32 object, bytes32 proposal, bytes32 given);
    /// @notice The order is not held under this legal order.
    error NotHeldUnder(bytes32 order, bytes32 legalOrder);
    /// @notice An order of which a container is gone is not cancelled.
    error ContainersGone(bytes32 order, uint256 gone);

    /// @return order all of it; state none (0) for an unknown id
    function orderOf(bytes32 id) external view returns (OrderView memory order);

    /// @return order of the title, the last one if earlier ones were cancelled; zero for none
    function orderOfTitle(bytes32 title) external view returns (bytes32 order);

    /// @return kind ConditionKind; 0 for an unknown id
    /// @return member the one that sets it
    /// @return met whether it is met
    /// @return counter of the condition
    function conditionOf(bytes32 condition)
        external
        view
        returns (uint256 kind, bytes32 member, bool met, uint256 counter);

    /// @return right all of it; state none (0) for an unknown id
    function rightOf(bytes32 id) external view returns (RightView memory right);

    /// @return by the authority that held the order under this legal order; zero for none
    /// @return stands whether that hold stands
    function holdOf(bytes32 order, bytes32 legalOrder) external view returns (bytes32 by, bool stands);

    /// @return id of an order's condition: keccak256(order, kind), 64 bytes
    function conditionId(bytes32 order, uint256 kind) external pure returns (bytes32 id);

    /// @return id of an order's pickup right: keccak256(order, container tag), 64 bytes
    function rightId(bytes32 order, bytes32 container) external pure returns (bytes32 id);
}
