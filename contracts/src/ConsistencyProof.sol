// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The hash tree of RFC 9162 over SHA-256: what a consistency proof says
/// @dev Section 2.1.4.2, with the proof's first node always there (the RFC leaves it out where the earlier size is a
/// power of two: it is the earlier root then). Assembly for gas: a checkpoint pays for up to two hashes a node.
library ConsistencyProof {
    /// @notice The two roots that a proof leads to, from its first node upwards.
    /// @dev Needs 0 < earlier < later < 2^64. Of two right-most paths, those of the earlier and the later tree's last
    /// leaves, each level up to where they meet takes one node: at the left of both hashes where the earlier path
    /// turns right, else at the right of the later tree's alone. Above, both take a node wherever they turn right.
    /// @param proof nodes of 32 bytes
    /// @return fits whether the proof has exactly the nodes that these sizes call for; if not, the roots say nothing
    /// @return earlierRoot of the first `earlier` leaves
    /// @return laterRoot of the `later` leaves
    function roots(uint256 earlier, uint256 later, bytes calldata proof)
        internal
        view
        returns (bool fits, bytes32 earlierRoot, bytes32 laterRoot)
    {
        assembly ("memory-safe") {
            // Two buffers of 0x01 ‖ left ‖ right, 65 bytes each, behind which memory is free; a hash lands where it is
            // the next one's right half. A call of the precompile fails only for want of gas, and then leaves too
            // little for the next instruction: no failure goes unnoticed without a look at its answer.
            let early := mload(0x40)
            let late := add(early, 96)
            let earlyRight := add(early, 33)
            let lateRight := add(late, 33)
            mstore8(early, 1)
            mstore8(late, 1)
            let e := sub(earlier, 1)
            let l := sub(later, 1)
            let at := proof.offset

            // The subtree of the first node is common to both trees and ends with the earlier one's last leaf.
            for {} and(e, 1) {} {
                e := shr(1, e)
                l := shr(1, l)
            }
            let node := calldataload(at)
            mstore(earlyRight, node)
            mstore(lateRight, node)

            // All ones up to the level where the paths meet; `low` has the earlier path's turns up to there and a one
            // above them, `e` those after it. The last of `low` is to the left: there the later path turns right.
            let mask := xor(e, l)
            mask := or(mask, shr(1, mask))
            mask := or(mask, shr(2, mask))
            mask := or(mask, shr(4, mask))
            mask := or(mask, shr(8, mask))
            mask := or(mask, shr(16, mask))
            mask := or(mask, shr(32, mask))
            let low := or(and(e, mask), add(mask, 1))
            e := and(e, not(mask))
            for {} gt(low, 1) {} {
                for {} and(low, 1) {} {
                    at := add(at, 32)
                    node := calldataload(at)
                    mstore(add(early, 1), node)
                    mstore(add(late, 1), node)
                    pop(staticcall(gas(), 2, early, 65, earlyRight, 32))
                    pop(staticcall(gas(), 2, late, 65, lateRight, 32))
                    low := shr(1, low)
                }
                at := add(at, 32)
                mstore(add(late, 1), mload(lateRight))
                mstore(lateRight, calldataload(at))
                pop(staticcall(gas(), 2, late, 65, lateRight, 32))
                low := shr(1, low)
            }
            for {} e { e := and(e, sub(e, 1)) } {
                at := add(at, 32)
                node := calldataload(at)
                mstore(add(early, 1), node)
                mstore(add(late, 1), node)
                pop(staticcall(gas(), 2, early, 65, earlyRight, 32))
                pop(staticcall(gas(), 2, late, 65, lateRight, 32))
            }

            fits := eq(add(at, 32), add(proof.offset, proof.length))
            earlierRoot := mload(earlyRight)
            laterRoot := mload(lateRight)
        }
    }
}
