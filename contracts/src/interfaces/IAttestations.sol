// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IActs} from "./IActs.sol";

/// @title Attestations: append-only logs, one an origin
/// @notice An origin is a member, or a device of a member that signs with a key of its own. Its log is the hash tree
/// of RFC 9162 over SHA-256; a checkpoint publishes the log's size and root, and no entry of it.
/// @notice Warning: a checkpoint cannot be taken back, and an origin that is shown to have signed two roots for one
/// size never checkpoints again. Whoever holds its key can do that to it: revoke a lost key at once.
interface IAttestations is IActs {
    /// @notice The origin has signed two roots for one size; its log takes no more checkpoints.
    error OriginSplit(bytes32 origin);
    /// @notice A log has 1 to 2^64 - 1 entries and more with every checkpoint than with the one before.
    error SizeRefused(bytes32 origin, uint256 earlier, uint256 size);
    /// @notice What is attached is not the earlier size and exactly the nodes that these sizes call for; a first
    /// checkpoint attaches nothing.
    error ProofMalformed(bytes32 origin, uint256 size);
    /// @notice The proof starts at a size and root that are not those of the origin's last checkpoint.
    error NotTheLastCheckpoint(bytes32 origin, uint256 earlier, bytes32 root);
    /// @notice The proof leads to another root than the one signed: this log does not extend the last checkpoint.
    error NotAnExtension(bytes32 origin, bytes32 root, bytes32 proved);
    /// @notice The attached acts are not the two named ones: checkpoints of one size and two roots of this log.
    error NotASplit(bytes32 origin, bytes32 first, bytes32 second);

    /// @param owner the member that is the origin or owns the device that is
    /// @param origin id of the member or of the device
    /// @return state OriginState; none (0) before the first checkpoint
    /// @return counter how many checkpoints it made; one more once it is split
    /// @return seal the upper 224 bits of keccak256(size, root) of the last checkpoint (32 bytes each), then zeros;
    /// zero for an origin without one, or split
    function originOf(bytes32 owner, bytes32 origin)
        external
        view
        returns (uint256 state, uint256 counter, bytes32 seal);
}
