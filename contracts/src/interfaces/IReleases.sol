// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IActs} from "./IActs.sol";

/// @title Releases: delivery orders, their conditions and pickup rights
/// @notice Warning: a pickup right that a lane has used cannot be restored in this version, and a title has one
/// delivery order for good.
interface IReleases is IActs {
    /// @notice A delivery order as it stands.
    struct OrderView {
        uint256 state; // OrderState
        uint256 counter;
        bytes32 title; // that was surrendered
        bytes32 root; // of the delivery order document's field tree
        bytes32 terminal; // member id
        uint256 port; // of discharge
        uint256 conditions; // bit k: it has a condition of ConditionKind k
        uint256 open; // bit k: that condition is not met
        uint256 containers; // how many
        uint256 returned; // how many came back empty
    }

    /// @notice The order exists, or the title has this one already.
    error OrderExists(bytes32 order);
    /// @notice A delivery order exists only from a title surrendered for delivery.
    error TitleNotSurrendered(bytes32 title, uint256 state);
    /// @notice Conditions are 1 to 6 different kinds, each with its member: freight the carrier, terminal the terminal.
    error ConditionsMalformed();
    /// @notice Containers are 1 to 16 different tags.
    error ContainersMalformed();
    /// @notice Only the member named when the order opened sets the condition.
    error NotTheConditionMember(bytes32 condition, bytes32 principal, bytes32 named);
    /// @notice The order's rights are used at another terminal.
    error NotTheTerminal(bytes32 order, bytes32 principal, bytes32 terminal);
    /// @notice The pickup right was used before.
    error RightUsed(bytes32 right);
    /// @notice A lane act expires at most 5 minutes ahead.
    error LaneActTooFarAhead(uint256 expires);

    /// @return order all of it; state none (0) for an unknown id
    function orderOf(bytes32 id) external view returns (OrderView memory order);

    /// @return order of the title; zero for none
    function orderOfTitle(bytes32 title) external view returns (bytes32 order);

    /// @return kind ConditionKind; 0 for an unknown id
    /// @return member the one that sets it
    /// @return met whether it is met
    /// @return counter of the condition
    function conditionOf(bytes32 condition)
        external
        view
        returns (uint256 kind, bytes32 member, bool met, uint256 counter);

    /// @return state RightState; none (0) for an unknown id
    /// @return counter of the right
    function rightOf(bytes32 right) external view returns (uint256 state, uint256 counter);

    /// @return id of an order's condition: keccak256(order, kind), 64 bytes
    function conditionId(bytes32 order, uint256 kind) external pure returns (bytes32 id);

    /// @return id of an order's pickup right: keccak256(order, container tag), 64 bytes
    function rightId(bytes32 order, bytes32 container) external pure returns (bytes32 id);
}
