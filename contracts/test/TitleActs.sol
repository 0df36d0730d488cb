// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Titles} from "../src/Titles.sol";
import {MembershipVerbs, NetworkVerbs, TitlesVerbs} from "../src/generated/Verbs.sol";
import {Capacity, Endorsement, Role, SurrenderPurpose, TitleKind} from "../src/generated/Words.sol";
import {Consortium, Member} from "./Consortium.sol";

/// @dev A second authority and a second bank, every verb on TITLE, and TITLE at the points of its life.
abstract contract TitleActs is Consortium {
    bytes32 internal constant ORDER = keccak256("order of a court");
    bytes32 internal constant AMENDED = keccak256("amended document");

    Member internal regulator = Member(keccak256("regulator"), 0xb1);
    Member internal buyer = Member(keccak256("buyer"), 0xb2);

    function setUp() public virtual override {
        super.setUp();
        _admit(regulator, Role.REGULATOR);
        _admit(buyer, Role.CONSIGNEE | Role.BANK | Role.CARRIER);
        _assign(PORT, Role.REGULATOR, regulator);
    }

    // Acts

    function act(uint256 verb, Member memory by, bytes memory own) internal returns (bytes memory) {
        return made(titles, verb, by, TITLE, titles.titleOf(TITLE).counter, own);
    }

    function releasePledge(Member memory by) internal returns (bytes memory) {
        return act(TitlesVerbs.RELEASE_PLEDGE, by, abi.encode(titles.titleOf(TITLE).root));
    }

    function recordDefault(Member memory by) internal returns (bytes memory) {
        return act(TitlesVerbs.RECORD_DEFAULT, by, abi.encode(keccak256("notice")));
    }

    function voidTitle(Member memory by) internal returns (bytes memory) {
        return act(TitlesVerbs.VOID_TITLE, by, abi.encode(keccak256("reason")));
    }

    function surrenderFor(Member memory by, uint256 purpose, bytes32 amended) internal returns (bytes memory) {
        bytes32 root = titles.titleOf(TITLE).root;
        return act(TitlesVerbs.SURRENDER, by, abi.encode(purpose, root, amended, block.timestamp + 1 days));
    }

    function consent(Member memory by, bytes32 digest) internal returns (bytes memory) {
        return act(TitlesVerbs.CONSENT_AMENDMENT, by, abi.encode(digest, AMENDED));
    }

    function amend(Member memory by, bytes32 digest) internal returns (bytes memory) {
        return act(TitlesVerbs.AMEND, by, abi.encode(digest, AMENDED));
    }

    function returnFromPaper(Member memory by, bytes32 to) internal returns (bytes memory) {
        bytes32 root = titles.titleOf(TITLE).root;
        return act(TitlesVerbs.RETURN_FROM_PAPER, by, abi.encode(to, block.timestamp + 1 days, root));
    }

    function freeze(Member memory by, bytes32 order) internal returns (bytes memory) {
        return made(titles, TitlesVerbs.FREEZE, by, TITLE, 0, abi.encode(PORT, order));
    }

    function lift(Member memory by) internal returns (bytes memory) {
        return made(titles, TitlesVerbs.LIFT, by, TITLE, 0, abi.encode(PORT, ORDER));
    }

    function propose(Member memory by, bytes32 to, uint256 endsLien) internal returns (bytes memory) {
        return made(titles, TitlesVerbs.PROPOSE_TRANSFER, by, TITLE, 0, abi.encode(PORT, ORDER, to, endsLien));
    }

    function confirm(Member memory by, bytes32 proposal) internal returns (bytes memory) {
        return made(titles, TitlesVerbs.CONFIRM_TRANSFER, by, TITLE, 0, abi.encode(PORT, ORDER, proposal));
    }

    // Titles

    function digestOf(bytes memory made_) internal view returns (bytes32) {
        return titles.digestOf(made_);
    }

    function straight() internal {
        issued(TitleKind.STRAIGHT, consignee.id);
        done(titles, answer(TitlesVerbs.ACCEPT, shipper));
    }

    function pledged() internal {
        live(0);
        handOver(shipper, bank, Capacity.PLEDGEE, Endorsement.NONE);
    }

    function enforceable() internal {
        done(titles, recordDefault(bank));
        vm.warp(block.timestamp + ENFORCEMENT);
    }

    /// @dev The holder surrenders for amendment; returns the surrender's digest.
    function amending() internal returns (bytes32 digest) {
        bytes memory surrendered_ = surrenderFor(shipper, SurrenderPurpose.AMENDMENT, AMENDED);
        done(titles, surrendered_);
        return digestOf(surrendered_);
    }

    function inPaper() internal {
        done(titles, surrenderFor(shipper, SurrenderPurpose.PAPER, 0));
        done(titles, answer(TitlesVerbs.ACCEPT, carrier));
    }

    function frozen() internal {
        done(titles, freeze(customs, ORDER));
    }

    /// @dev Frozen for the waiting time, and a transfer proposed; returns its digest.
    function proposed(bytes32 to, uint256 endsLien) internal returns (bytes32 digest) {
        frozen();
        vm.warp(block.timestamp + TRANSFER);
        bytes memory proposal = propose(customs, to, endsLien);
        done(titles, proposal);
        return digestOf(proposal);
    }

    // Members

    function suspend(Member memory member) internal {
        carried(MembershipVerbs.SUSPEND_MEMBER, member.id, 0, abi.encode(keccak256("suspension")));
    }

    function succeeded(Member memory by) internal {
        carried(MembershipVerbs.NAME_SUCCESSOR, carrier.id, 0, abi.encode(by.id, keccak256("absence")));
    }

    function numberOf(Member memory member) internal view returns (uint256 number) {
        (number,,,,,) = membership.memberOf(member.id);
    }

    // Versions

    /// @dev The council puts a second Titles in force; `titles` is that one from now on.
    function nextVersion() internal returns (Titles earlier) {
        earlier = titles;
        titles = new Titles(network, address(earlier));
        uint256 number = network.version() + 1;
        bytes32[] memory names = network.contractNames();
        bytes memory own = abi.encode(number, names.length);
        for (uint256 i = 0; i < names.length; i++) {
            address where = names[i] == keccak256("Titles") ? address(titles) : network.contractOf(names[i]);
            own = bytes.concat(own, bytes32(uint256(uint160(where))));
        }
        acted(network, made(network, NetworkVerbs.ACTIVATE_VERSION, seat(0), VERSIONS, number - 1, own), 1);
        done(network, made(network, NetworkVerbs.ACTIVATE_VERSION, seat(1), VERSIONS, number - 1, own));
    }

    bytes32 private constant VERSIONS = keccak256("versions");
}
