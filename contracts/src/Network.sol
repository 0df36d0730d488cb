// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Acts} from "./Acts.sol";
import {Motions} from "./Motions.sol";
import {NetworkVerbs} from "./generated/Verbs.sol";
import {IMembership} from "./interfaces/IMembership.sol";
import {INetwork} from "./interfaces/INetwork.sol";
import {IVersioned} from "./interfaces/IVersioned.sol";

/// @title Network
/// @notice Invariant: a name stands for one contract at any time, and of all that ever bore it only that one is open.
/// @notice Invariant: Membership is never succeeded, and every other contract only by one that names it.
/// @dev Deployed first, by one account, which then deploys in this order of nonces:
/// n Network(bytes32 networkId, bytes32[] names, address[] contracts),
/// n + 1 Membership(address network, bytes32[] seats, address[] keys, uint256 threshold, address foundingRelayer,
/// bytes32 rulebook, uint256 enforcementSeconds, uint256 transferSeconds), n + 2 Devices(address network),
/// n + 3 Titles(address network, address predecessor), n + 4 Releases(address network),
/// n + 5 Attestations(address network). `contracts` are the CREATE addresses of nonces n + 1 to n + 5 (last 20 bytes
/// of keccak256(rlp([sender, nonce]))); `names` are keccak256 of "Membership", "Devices", "Titles", "Releases",
/// "Attestations". Each of them refuses to be deployed where Network does not name it, so a wrong prediction cannot
/// go unnoticed.
contract Network is Motions, INetwork {
    uint256 private constant GAS_CAP = 1_000_000;
    bytes32 private constant VERSIONS = keccak256("versions");

    bytes32 private immutable _networkId;
    IMembership private immutable _membership;

    uint256 private _version;
    bytes32[] private _names;
    mapping(bytes32 name => address where) private _inForce;
    mapping(uint256 version => mapping(bytes32 name => address where)) private _contracts;

    constructor(bytes32 networkId_, bytes32[] memory names, address[] memory contracts) Acts(networkId_, GAS_CAP) {
        require(networkId_ != 0 && names.length != 0 && names.length == contracts.length, NetworkMalformed());
        require(names[0] == keccak256("Membership"), NetworkMalformed());
        _networkId = networkId_;
        _membership = IMembership(contracts[0]);
        _names = names;
        _version = 1;
        for (uint256 i = 0; i < names.length; i++) {
            require(contracts[i] != address(0) && _inForce[names[i]] == address(0), NetworkMalformed());
            _inForce[names[i]] = contracts[i];
            _contracts[1][names[i]] = contracts[i];
        }
    }

    /// @inheritdoc INetwork
    function networkId() external view returns (bytes32 id) {
        return _networkId;
    }

    /// @inheritdoc INetwork
    function version() external view returns (uint256 number) {
        return _version;
    }

    /// @inheritdoc INetwork
    function contractOf(bytes32 name) external view returns (address where) {
        where = _inForce[name];
        require(where != address(0), ContractUnknown(name));
    }

    /// @inheritdoc INetwork
    function contractAt(uint256 number, bytes32 name) external view returns (address where) {
        where = _contracts[number][name];
        require(where != address(0), ContractUnknown(name));
    }

    /// @inheritdoc INetwork
    function contractNames() external view returns (bytes32[] memory names) {
        return _names;
    }

    function _shape(uint256 verb)
        internal
        pure
        override
        returns (bytes32 typeHash, uint256 statics, uint256 arrays, bool attaches)
    {
        return NetworkVerbs.shape(verb);
    }

    function _requireRelayer(address relayer) internal view override {
        _membership.requireRelayer(relayer);
    }

    function _seat(Header memory act) internal view override returns (uint256 seat, uint256 epoch, uint256 threshold) {
        return _membership.seatOf(act.principal, act.key);
    }

    /// @dev The one verb is ActivateVersion.
    function _perform(Header memory act, bytes calldata words, bytes calldata) internal override {
        _seat(act);
        uint256 next = _version + 1;
        (bytes32[] calldata contracts,) = _ownArray(words, 1);
        require(act.object == VERSIONS, ObjectUnknown(act.object));
        _requireCounter(act, _version);
        require(_ownUint(words, 0) == next, VersionNotNext(next, _ownUint(words, 0)));
        require(contracts.length == _names.length, VersionIncomplete(_names.length, contracts.length));
        for (uint256 i = 0; i < contracts.length; i++) {
            require(uint256(contracts[i]) <= type(uint160).max, ActMalformed());
            _checkSuccession(_inForce[_names[i]], _address(contracts[i]));
        }
        if (!_assent(act, words, _version)) return;
        _version = next;
        _done(act, words, next);
        for (uint256 i = 0; i < contracts.length; i++) {
            _succeed(next, _names[i], _address(contracts[i]));
        }
    }

    function _checkSuccession(address before, address where) private view {
        if (where == before) return;
        require(before != address(_membership), MembershipFixed(before));
        require(where.code.length != 0, NoContractAt(where));
        (bool answered, bytes memory answer) = where.staticcall(abi.encodeCall(IVersioned.predecessor, ()));
        bool names = answered && answer.length == 32 && abi.decode(answer, (uint256)) == uint160(before);
        require(names, NotTheSuccessor(where, before));
        require(!IVersioned(where).isOpen(), ContractOpen(where));
    }

    function _succeed(uint256 number, bytes32 name, address where) private {
        address before = _inForce[name];
        _contracts[number][name] = where;
        if (where == before) return;
        _inForce[name] = where;
        IVersioned(before).close();
        IVersioned(where).open();
    }

    function _address(bytes32 word) private pure returns (address where) {
        return address(uint160(uint256(word)));
    }
}
