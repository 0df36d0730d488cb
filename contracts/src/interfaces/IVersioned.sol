// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A contract that Network can succeed by another
/// @notice Warning: once closed, a contract takes no act again; what it holds is read by its successor.
interface IVersioned {
    /// @return before the contract this one succeeds; zero for a founding one
    function predecessor() external view returns (address before);

    /// @return open_ whether this contract takes acts
    function isOpen() external view returns (bool open_);

    /// @notice Take acts from now on; only Network may call it, as it activates a version.
    function open() external;

    /// @notice Take no more acts; only Network may call it, as it activates a version.
    function close() external;
}
