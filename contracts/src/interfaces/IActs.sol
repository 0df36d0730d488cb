// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What every contract that executes acts has in common
/// @notice An act on the wire is its header, its own words, its signature (65 bytes: r, s, v), and for the few verbs
/// that attach something these bytes, unsigned. The header is verb (1 byte), parts (1: bit 0 for a delegation, bit 1 for
/// a companion), principal (32), object (32), counter (4), expires (5), then the delegation (32) and the companion (32),
/// each only if it is not zero. An own field is a word of 32 bytes, an array its count and its items. What is signed is
/// EIP-712 typed data.
interface IActs {
    /// @notice An act took effect; `act` is the act without its signature, so this event is the act.
    /// @param object what the act named and changed
    /// @param principal member (or council seat's member) in whose name it was signed
    /// @param digest the EIP-712 digest that the key signed
    /// @param effect from the lowest bit the key's address 160, the object's counter after the act 32, and the outcome:
    /// done 0; assented 1: a motion still short of its seats, nothing changed but the assent; recorded refusal 2: the
    /// lane's act is kept and used up, the right is not
    /// @param act its header and its own words, as on the wire
    event Acted(
        bytes32 indexed object, bytes32 indexed principal, bytes32 indexed digest, uint256 effect, bytes act
    );

    /// @notice Another object changed because of the act with digest `cause`.
    event Followed(bytes32 indexed object, bytes32 indexed cause, uint256 counter, uint256 state);

    /// @notice An act was refused and changed nothing; it may be relayed again until it expires.
    /// @dev Object, principal and verb are only claimed: the signature may be the reason. `digest` is zero when the
    /// act is too malformed to have one; `reason` is the custom error, empty when the act outran its gas cap.
    event Refused(
        bytes32 indexed object, bytes32 indexed principal, bytes32 indexed digest, uint256 verb, bytes reason
    );

    /// @notice The bytes are not the one encoding of an act of this verb.
    error ActMalformed();
    /// @notice The act could be executed until `expires` (UTC seconds).
    error ActExpired(uint256 expires);
    /// @notice This contract does not execute the verb.
    error VerbUnknown(uint256 verb);
    /// @notice No key made this signature, or it is not in its one form (low s, v 27 or 28).
    error SignatureInvalid();
    /// @notice The key is not, or not now, the principal's key for this.
    error KeyNotValid(bytes32 principal, bytes32 key);
    /// @notice This verb is never used under a delegation.
    error VerbNotDelegable(uint256 verb);
    /// @notice The principal gave no delegation with this id.
    error DelegationUnknown(bytes32 delegation);
    /// @notice No member has this id.
    error MemberUnknown(bytes32 member);
    /// @notice The member is suspended or has left.
    error MemberNotActive(bytes32 member);
    /// @notice The act needs a role that the member does not have.
    error RoleMissing(bytes32 member, uint256 role);
    /// @notice The member is not assigned to the role at the port.
    error NotAssigned(uint256 port, uint256 role, bytes32 member);
    /// @notice The object does not exist, or is not the one that the act's fields make.
    error ObjectUnknown(bytes32 object);
    /// @notice The object has moved on since the act was made (or the act is from its future).
    error StaleCounter(bytes32 object, uint256 expected, uint256 given);
    /// @notice The verb does not apply in the object's present state.
    error WrongState(bytes32 object, uint256 state);
    /// @notice No such purpose, or not one this contract serves.
    error PurposeUnknown(uint256 purpose);
    /// @notice No such kind.
    error KindUnknown(uint256 kind);
    /// @notice A port's id is 1 to 65535, given by the council.
    error PortUnknown(uint256 port);
    /// @notice The sender is no relay key of an active member.
    error RelayerNotActive(address relayer);
    /// @notice The batch ends inside an act, or is empty.
    error BatchMalformed();
    /// @notice The batch has more than 50 acts.
    error BatchTooLong();
    /// @notice The gas left cannot give the next act its cap; the whole batch is undone.
    error GasTooLow();
    /// @notice Another version of this contract is in force, or this one is not yet.
    error ContractClosed();
    /// @notice Only Network may call this.
    error OnlyNetwork();
    /// @notice Only the contract itself may call this.
    error OnlySelf();

    /// @notice Execute up to 50 acts in order, each behind its length (2 bytes, big-endian).
    /// @dev The sender pays and orders, and authorises nothing. Each act runs alone: a refused one leaves `Refused`
    /// and does not hurt the others. Reverts whole for a sender without a relay key and when gas runs short.
    function submit(bytes calldata batch) external;

    /// @notice Execute one act; only `submit` may call it.
    function execute(bytes calldata act) external;

    /// @return digest that the act's key signs; reverts for a malformed act
    function digestOf(bytes calldata act) external view returns (bytes32 digest);

    /// @return separator of the EIP-712 domain: name, version, chain id, this contract, the network's id as salt
    function domainSeparator() external view returns (bytes32 separator);

    /// @return gas that each act may use at most
    function gasCap() external view returns (uint256 gas);
}
