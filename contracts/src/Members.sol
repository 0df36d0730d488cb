// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MemberWord} from "./MemberWord.sol";
import {Motions} from "./Motions.sol";
import {KeyPurpose, MemberStatus} from "./generated/Words.sol";
import {IMembership} from "./interfaces/IMembership.sol";

/// @title Members
/// @notice Invariant: a key belongs to one member or one council seat for ever.
/// @notice Invariant: a numbering key never changes and never ends.
/// @dev The register of members and keys, and who may act; who may change it is decided in the contracts that inherit.
abstract contract Members is Motions, IMembership {
    using MemberWord for uint256;

    struct Member {
        uint256 word; // see MemberWord
        uint32 counter;
        bytes32 profile;
        bytes32 rulebook;
    }

    struct Key {
        uint24 owner; // the member's number
        uint8 purpose;
        uint48 validFrom;
        uint48 validUntil; // 0 without end
        uint48 revokedAt; // 0 for none
        uint24 epoch; // its owner's when it was registered
    }

    uint256 private constant MEMBERS_A_WORD = 8;
    uint256 private constant PRESENCE_BITS = 32;
    uint256 private constant PRESENCE = 0xffffffff;

    address private immutable _foundingRelayer;

    uint24 private _members;
    mapping(bytes32 member => Member) private _memberOf;
    mapping(uint256 number => bytes32 member) private _memberAt;
    /// @dev By number, eight in a word, for who knows a member by its number alone: twice its epoch, and 1 while active.
    mapping(uint256 place => uint256 presences) private _present;
    mapping(bytes32 key => Key) private _keys;
    mapping(uint256 number => mapping(uint256 epoch => uint256 time)) private _recoveredAt;

    constructor(address foundingRelayer) {
        _foundingRelayer = foundingRelayer;
    }

    /// @inheritdoc IMembership
    function memberOf(bytes32 member)
        external
        view
        returns (
            uint256 number,
            uint256 roles,
            uint256 status,
            uint256 counter,
            bytes32 profile,
            bytes32 acceptedRulebook
        )
    {
        Member memory m = _memberOf[member];
        return (m.word.number(), m.word.roles(), m.word.status(), m.counter, m.profile, m.rulebook);
    }

    /// @inheritdoc IMembership
    function memberAt(uint256 number) public view returns (bytes32 member) {
        return _memberAt[number];
    }

    /// @inheritdoc IMembership
    function successorOf(bytes32 member) external view returns (bytes32 successor) {
        return _memberAt[_memberOf[member].word.successor()];
    }

    /// @inheritdoc IMembership
    function keyOf(bytes32 member, bytes32 key)
        external
        view
        returns (uint256 purpose, uint256 validFrom, uint256 validUntil, uint256 revokedAt)
    {
        Key memory k = _keys[key];
        if (k.owner == 0 || _memberAt[k.owner] != member) return (0, 0, 0, 0);
        revokedAt = k.revokedAt;
        if (revokedAt == 0 && k.purpose != KeyPurpose.NUMBERING) revokedAt = _recoveredAt[k.owner][k.epoch];
        return (k.purpose, k.validFrom, k.validUntil, revokedAt);
    }

    /// @inheritdoc IMembership
    function activeMember(bytes32 member) public view returns (uint256 number, uint256 roles) {
        uint256 word = _wordOf(member);
        require(word.status() == MemberStatus.ACTIVE, MemberNotActive(member));
        return (word.number(), word.roles());
    }

    /// @inheritdoc IMembership
    function requireActive(uint256 number) external view {
        (, bool active) = _presence(number);
        if (!active) revert MemberNotActive(_memberAt[number]);
    }

    /// @inheritdoc IMembership
    function answering(uint256 carrier) external view returns (uint256 number) {
        uint256 successor = _memberOf[_memberAt[carrier]].word.successor();
        (number,) = activeMember(_memberAt[successor == 0 ? carrier : successor]);
    }

    /// @inheritdoc IMembership
    function actor(bytes32 member, address key) public view returns (uint256 number, uint256 roles) {
        uint256 word = _wordOf(member);
        (number, roles) = (word.number(), word.roles());
        if (key != word.key()) {
            Key memory k = _keys[_keyId(key)];
            bool counts = k.owner == number && k.purpose == KeyPurpose.ACT && _countsNow(k, word.epoch());
            require(counts, KeyNotValid(member, _keyId(key)));
        }
        require(word.status() == MemberStatus.ACTIVE, MemberNotActive(member));
    }

    /// @inheritdoc IMembership
    function requireRelayer(address relayer) external view {
        _requireRelayer(relayer);
    }

    function _requireRelayer(address relayer) internal view override {
        if (relayer == _foundingRelayer) return;
        Key memory k = _keys[_keyId(relayer)];
        (uint256 epoch, bool active) = _presence(k.owner);
        require(k.purpose == KeyPurpose.RELAY && active && _countsNow(k, epoch), RelayerNotActive(relayer));
    }

    /// @dev Whether the key is or was a council seat's.
    function _isSeatKey(address key) internal view virtual returns (bool whether);

    /// @dev The record of a member, whatever its status.
    function _known(bytes32 member) internal view returns (Member storage m) {
        _wordOf(member);
        return _memberOf[member];
    }

    function _wordOf(bytes32 member) internal view returns (uint256 word) {
        word = _memberOf[member].word;
        require(word != 0, MemberUnknown(member));
    }

    function _isMember(bytes32 member) internal view returns (bool whether) {
        return _memberOf[member].word != 0;
    }

    function _keyOwner(bytes32 key) internal view returns (uint256 number) {
        return _keys[key].owner;
    }

    /// @dev Refuses a list of new keys that could not all be registered; says whether one is a numbering key.
    function _checkKeys(bytes32 member, bytes32[] calldata keys, bytes32[] calldata purposes)
        internal
        view
        returns (bool numbered)
    {
        require(keys.length == purposes.length, ActMalformed());
        for (uint256 i = 0; i < keys.length; i++) {
            if (uint256(purposes[i]) == KeyPurpose.NUMBERING) {
                require(!numbered, NumberingKeyFixed(member));
                numbered = true;
            }
            _checkKey(keys[i], uint256(purposes[i]));
            for (uint256 j = 0; j < i; j++) {
                require(keys[j] != keys[i], KeyInUse(keys[i]));
            }
        }
    }

    function _checkKey(bytes32 key, uint256 purpose) internal view {
        require(purpose != 0 && purpose <= KeyPurpose.LAST, PurposeUnknown(purpose));
        bool isAddress = uint256(key) <= type(uint160).max;
        require(key != 0 && (purpose == KeyPurpose.NUMBERING || isAddress), KeyMalformed(key));
        bool seat = isAddress && _isSeatKey(address(uint160(uint256(key))));
        require(_keys[key].owner == 0 && !seat, KeyInUse(key));
    }

    /// @dev The new member's record, whose keys are registered next.
    function _enrol(bytes32 member, uint256 roles, bytes32 profile, bytes32 accepted) internal {
        uint24 number = ++_members;
        _memberAt[number] = member;
        _memberOf[member] = Member(uint256(number).withRoles(roles), 1, profile, accepted);
        _setWord(_memberOf[member], _wordOf(member).withStatus(MemberStatus.ACTIVE));
    }

    /// @dev The one place where status and epoch change: by the member's number they are told alike.
    function _setWord(Member storage m, uint256 word) internal {
        m.word = word;
        uint256 place = word.number() / MEMBERS_A_WORD;
        uint256 shift = word.number() % MEMBERS_A_WORD * PRESENCE_BITS;
        uint256 presence = (word.epoch() << 1) | (word.status() == MemberStatus.ACTIVE ? 1 : 0);
        _present[place] = (_present[place] & ~(PRESENCE << shift)) | (presence << shift);
    }

    /// @dev Register keys that `_checkKeys` let pass, valid from now on.
    function _register(Member storage m, bytes32[] calldata keys, bytes32[] calldata purposes) internal {
        for (uint256 i = 0; i < keys.length; i++) {
            _register(m, keys[i], uint256(purposes[i]), block.timestamp, 0);
        }
    }

    function _register(Member storage m, bytes32 key, uint256 purpose, uint256 validFrom, uint256 validUntil) internal {
        (uint24 owner, uint24 epoch) = (uint24(m.word.number()), uint24(m.word.epoch()));
        _keys[key] = Key(owner, uint8(purpose), uint48(validFrom), uint48(validUntil), 0, epoch);
        bool lasting = validFrom <= block.timestamp && validUntil == 0;
        if (purpose == KeyPurpose.ACT && lasting) m.word = m.word.withKey(address(uint160(uint256(key))));
    }

    function _revoke(bytes32 member, Member storage owner, bytes32 id) internal {
        Key storage key = _keys[id];
        require(key.owner == owner.word.number() && key.revokedAt == 0, KeyNotValid(member, id));
        require(key.purpose != KeyPurpose.NUMBERING, NumberingKeyFixed(member));
        key.revokedAt = uint48(block.timestamp);
        if (id == _keyId(owner.word.key())) owner.word = owner.word.withKey(address(0));
    }

    /// @dev From now on no key of the member counts that is registered, but its numbering keys.
    function _endKeys(Member storage m) internal {
        _recoveredAt[m.word.number()][m.word.epoch()] = block.timestamp;
        _setWord(m, m.word.recovered());
    }

    function _keyId(address key) internal pure returns (bytes32 id) {
        return bytes32(uint256(uint160(key)));
    }

    function _presence(uint256 number) private view returns (uint256 epoch, bool active) {
        uint256 presence = (_present[number / MEMBERS_A_WORD] >> (number % MEMBERS_A_WORD * PRESENCE_BITS)) & PRESENCE;
        return (presence >> 1, presence & 1 == 1);
    }

    function _countsNow(Key memory key, uint256 epoch) private view returns (bool counts) {
        return key.epoch == epoch && key.revokedAt == 0 && key.validFrom <= block.timestamp
            && (key.validUntil == 0 || block.timestamp < key.validUntil);
    }
}
