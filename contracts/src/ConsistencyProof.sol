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
            // Two buffers of 0x01 ‖ left ‖ right, 65 bytes each; a hash lands where it is the next one's right half.
            let early := mload(0x40)
            let late := add(early, 96)
            mstore8(early, 1)
            mstore8(late, 1)
            let done := 1
            let at := proof.offset
            let e := sub(earlier, 1)
            let l := sub(later, 1)

            // The subtree of the first node is common to both trees and ends with the earlier one's last leaf.
            for {} and(e, 1) {} {
                e := shr(1, e)
                l := shr(1, l)
            }
            let node := calldataload(at)
            mstore(add(early, 33), node)
            mstore(add(late, 33), node)
            at := add(at, 32)

            for {} xor(e, l) {} {
                node := calldataload(at)
                switch and(e, 1)
                case 0 { mstore(add(late, 1), mload(add(late, 33))) mstore(add(late, 33), node) }
                default {
                    mstore(add(early, 1), node)
                    mstore(add(late, 1), node)
                    done := and(done, staticcall(gas(), 2, early, 65, add(early, 33), 32))
                }
                done := and(done, staticcall(gas(), 2, late, 65, add(late, 33), 32))
                at := add(at, 32)
                e := shr(1, e)
                l := shr(1, l)
            }
            for {} e { e := and(e, sub(e, 1)) } {
                node := calldataload(at)
                mstore(add(early, 1), node)
                mstore(add(late, 1), node)
                done := and(done, staticcall(gas(), 2, early, 65, add(early, 33), 32))
                done := and(done, staticcall(gas(), 2, late, 65, add(late, 33), 32))
                at := add(at, 32)
            }

            // A call of the precompile fails only for want of gas.
            fits := and(done, eq(at, add(proof.offset, proof.length)))
            earlierRoot := mload(add(early, 33))
            laterRoot := mload(add(late, 33))
        }
    }
}
