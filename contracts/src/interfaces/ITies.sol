// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What keeps a member from leaving, as one contract counts it
interface ITies {
    /// @notice Titles: titles that the member holds, has a lien on, or issued and that live; Releases: open orders.
    /// @param number the member's short number
    /// @return count of them; the member can leave while it is zero
    function tiesOf(uint256 number) external view returns (uint256 count);
}
