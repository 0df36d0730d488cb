// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {ConsistencyProof} from "./ConsistencyProof.sol";
import {MemberActs} from "./MemberActs.sol";
import {AttestationsVerbs} from "./generated/Verbs.sol";
import {OriginState} from "./generated/Words.sol";
import {IAttestations} from "./interfaces/IAttestations.sol";
import {IDevices} from "./interfaces/IDevices.sol";
import {INetwork} from "./interfaces/INetwork.sol";
import {IReleases} from "./interfaces/IReleases.sol";

/// @title Attestations
/// @notice Invariant: a log never shrinks.
/// @notice Invariant: an accepted checkpoint extends the last one.
/// @notice Invariant: a split origin takes no more checkpoints.
contract Attestations is MemberActs, IAttestations {
    /// @dev What a checkpoint says of its log.
    struct Root {
        uint256 size;
        bytes32 root;
    }

    uint256 private constant GAS_CAP = 250_000;
    uint256 private constant COUNTER = type(uint32).max;
    uint256 private constant MAX_DEVICE_ACT = 5 minutes;
    bytes32 private constant DEVICES = keccak256("Devices");

    /// @dev One slot a log, by owner and origin, since a device's id is its owner's choice: the seal in the upper 224
    /// bits, the counter below it. No seal but a counter: split. The size and root that a seal stands for are in the
    /// checkpoint's event, and come back with the next proof.
    struct Log {
        uint256 last;
    }

    mapping(bytes32 owner => mapping(bytes32 origin => Log)) private _logs;

    constructor(INetwork network) MemberActs(network, keccak256("Attestations"), GAS_CAP, address(0)) {}

    /// @inheritdoc IAttestations
    function originOf(bytes32 owner, bytes32 origin)
        external
        view
        returns (uint256 state, uint256 counter, bytes32 seal)
    {
        uint256 last = _logs[owner][origin].last;
        if (last == 0) return (OriginState.NONE, 0, 0);
        state = last <= COUNTER ? OriginState.SPLIT : OriginState.OPEN;
        return (state, last & COUNTER, bytes32(last & ~COUNTER));
    }

    function _shape(uint256 verb)
        internal
        pure
        override
        returns (bytes32 typeHash, uint256 statics, uint256 arrays, bool attaches)
    {
        return AttestationsVerbs.shape(verb);
    }

    function _delegable() internal pure override returns (uint256 mask) {
        return AttestationsVerbs.DELEGABLE;
    }

    function _perform(Header memory act, bytes calldata words, bytes calldata attached) internal override {
        if (act.verb == AttestationsVerbs.CHECKPOINT) _checkpoint(act, words, attached);
        else _reportSplit(act, words, attached);
    }

    function _checkpoint(Header memory act, bytes calldata words, bytes calldata attached) private {
        if (act.object != act.principal) {
            uint256 expires = act.expires;
            require(expires <= block.timestamp + MAX_DEVICE_ACT, IReleases.LaneActTooFarAhead(expires));
        }
        _requireKey(act);
        Log storage log = _logs[act.principal][act.object];
        uint256 last = log.last;
        uint256 counter = _counterOf(act.object, last);
        _requireCounter(act, counter);
        uint256 size = _ownUint(words, 0);
        bytes32 root = _own(words, 1);
        if (last == 0) {
            require(size != 0 && size <= type(uint64).max, SizeRefused(act.object, 0, size));
            require(attached.length == 0, ProofMalformed(act.object, size));
        } else {
            _requireExtends(act.object, last, size, root, attached);
        }
        log.last = _sealOf(size, root) | ++counter;
        _done(act, words, counter);
    }

    function _reportSplit(Header memory act, bytes calldata words, bytes calldata attached) private {
        _actor(act);
        bytes32 owner = _own(words, 0);
        Log storage log = _logs[owner][act.object];
        uint256 counter = _counterOf(act.object, log.last);
        (bytes calldata wire, uint256 next) = _framed(attached, 0);
        Root memory first = _signed(act.object, words, 1, wire);
        (wire, next) = _framed(attached, next);
        Root memory second = _signed(act.object, words, 2, wire);
        require(next == attached.length, ActMalformed());
        require(
            first.size == second.size && first.root != second.root,
            NotASplit(act.object, _own(words, 1), _own(words, 2))
        );
        log.last = ++counter;
        _done(act, words, counter);
    }

    /// @dev The proof leads from the log's last checkpoint to this one.
    function _requireExtends(bytes32 origin, uint256 last, uint256 size, bytes32 root, bytes calldata attached)
        private
        view
    {
        require(attached.length >= 64, ProofMalformed(origin, size));
        uint256 earlier = uint256(_bytesAt(attached, 0));
        require(earlier != 0 && earlier < size && size <= type(uint64).max, SizeRefused(origin, earlier, size));
        (bool fits, bytes32 earlierRoot, bytes32 proved) = ConsistencyProof.roots(earlier, size, attached[32:]);
        require(fits, ProofMalformed(origin, size));
        require(_sealOf(earlier, earlierRoot) == last & ~COUNTER, NotTheLastCheckpoint(origin, earlier, earlierRoot));
        require(proved == root, NotAnExtension(origin, root, proved));
    }

    /// @dev The act's key counts now for the origin: an act key of the member, or the device's own; the member is active.
    function _requireKey(Header memory act) private {
        if (act.delegation != 0) {
            require(act.object == act.principal, VerbNotDelegable(act.verb));
            _actor(act);
            return;
        }
        if (act.object == act.principal) {
            // Not remembered for the submit, as _actor would: a member has one log of its own.
            _membership.actor(act.principal, act.key);
            return;
        }
        _member(act.principal);
        IDevices(_network.contractOf(DEVICES)).requireOrigin(act.object, act.principal, act.key);
    }

    /// @dev What an attached checkpoint of this origin says; own word `named` of the report gives its digest.
    function _signed(bytes32 origin, bytes calldata words, uint256 named, bytes calldata wire)
        private
        returns (Root memory)
    {
        (Header memory act, bytes calldata said, bytes calldata rest) = _read(wire);
        require(
            act.verb == AttestationsVerbs.CHECKPOINT && act.digest == _own(words, named) && act.object == origin
                && act.principal == _own(words, 0),
            NotASplit(origin, _own(words, 1), _own(words, 2))
        );
        act.key = _signer(act.digest, rest);
        _requireKey(act);
        return Root(_ownUint(said, 0), _own(said, 1));
    }

    /// @dev Refuses a split origin.
    function _counterOf(bytes32 origin, uint256 last) private pure returns (uint256 counter) {
        require(last == 0 || last > COUNTER, OriginSplit(origin));
        return last & COUNTER;
    }

    function _sealOf(uint256 size, bytes32 root) private pure returns (uint256 seal) {
        return uint256(Hashes.efficientKeccak256(bytes32(size), root)) & ~COUNTER;
    }

    /// @dev The bytes behind the two at `start` that give their length, and where the next ones begin.
    function _framed(bytes calldata attached, uint256 start) private pure returns (bytes calldata part, uint256 next) {
        require(start + 2 <= attached.length, ActMalformed());
        next = start + 2 + uint16(bytes2(attached[start:start + 2]));
        require(next <= attached.length, ActMalformed());
        part = attached[start + 2:next];
    }
}
