// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What the embedded ledger's tests need of a contract: storage, events, refusals, depth.
contract Probe {
    event Stored(uint256 indexed key, address indexed by, uint256 value);

    error NotThisValue(uint256 value);

    mapping(uint256 => uint256) public values;

    function store(uint256 key, uint256 value) external {
        values[key] = value;
        emit Stored(key, msg.sender, value);
    }

    function storeMany(uint256 from, uint256 count) external {
        for (uint256 i = from; i < from + count; ++i) {
            values[i] = i + 1;
            emit Stored(i, msg.sender, i + 1);
        }
    }

    /// @notice Stand-in for acts: each writes `slots` new slots, emits as many events, and computes.
    function act(uint256 from, uint256 count, uint256 slots, uint256 turns) external {
        bytes32 digest;
        for (uint256 i = 0; i < count; ++i) {
            for (uint256 j = 0; j < turns; ++j) {
                digest = keccak256(abi.encode(digest, i, j));
            }
            for (uint256 j = 0; j < slots; ++j) {
                values[from + i * slots + j] = uint256(digest) | 1;
            }
            emit Stored(from + i, msg.sender, uint256(digest));
        }
    }

    function refuse(uint256 value) external pure {
        revert NotThisValue(value);
    }

    function refuseInWords() external pure {
        require(false, "not today");
    }

    function spin() external pure {
        while (true) {}
    }

    function descend(uint256 depth) external {
        values[depth] = gasleft();
        if (depth > 0) {
            this.descend(depth - 1);
        }
    }

    function storeWithReserve(uint256 key, uint256 reserve) external {
        require(gasleft() > reserve, "reserve");
        this.store{gas: reserve}(key, 1);
    }

    function time() external view returns (uint256) {
        return block.timestamp;
    }

    function ancestor(uint256 back) external view returns (bytes32) {
        return blockhash(block.number - back);
    }
}
