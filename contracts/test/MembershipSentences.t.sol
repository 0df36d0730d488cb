// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MembershipVerbs, TitlesVerbs} from "../src/generated/Verbs.sol";
import {
    Capacity,
    ConditionKind,
    Endorsement,
    KeyPurpose,
    MemberStatus,
    Outcome,
    Role,
    TitleState
} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {IMembership} from "../src/interfaces/IMembership.sol";
import {ITitles} from "../src/interfaces/ITitles.sol";
import {Consortium, Member} from "./Consortium.sol";
import {Decisions} from "./Decisions.sol";
import {Delivery} from "./Delivery.sol";

/// @dev One test for each sentence that is promised of Membership, the test named as the sentence.
contract MembershipSentencesTest is Decisions, Delivery {
    Member private regulator = Member(keccak256("regulator"), 0xa8);

    function setUp() public override(Consortium, Delivery) {
        super.setUp();
    }

    function test_members_by_member_id_roles_status_keys_with_purposes_and_validity_relayers_profile_hash_rulebook()
        public
    {
        bytes memory own = abi.encode(Role.BANK | Role.TRUCK, keccak256("its profile"), RULEBOOK);
        bytes memory purposes = array(bytes32(KeyPurpose.ACT), bytes32(KeyPurpose.RELAY), bytes32(KeyPurpose.WITNESS));
        own = bytes.concat(own, array(keyId(1), keyId(2), keyId(3)), purposes);
        carried(MembershipVerbs.ADMIT_MEMBER, stranger.id, 0, own);
        (uint256 number, uint256 roles, uint256 status, uint256 counter, bytes32 profile, bytes32 accepted) =
            membership.memberOf(stranger.id);
        same(membership.memberAt(number), stranger.id, "member id");
        same(roles, Role.BANK | Role.TRUCK, "roles");
        same(status, MemberStatus.ACTIVE, "status");
        same(counter, 1, "counter");
        same(profile, keccak256("its profile"), "profile hash");
        same(accepted, RULEBOOK, "accepted rulebook");
        for (uint256 i = 1; i <= 3; i++) {
            (uint256 purpose, uint256 validFrom, uint256 validUntil, uint256 revokedAt) =
                membership.keyOf(stranger.id, keyId(i));
            same(purpose, i, "purpose");
            same(validFrom, START, "valid from");
            same(validUntil + revokedAt, 0, "valid without end");
        }
        membership.requireRelayer(vm.addr(2));
    }

    function test_k_of_n_council_motions_for_everything_that_changes_membership() public {
        bytes memory one = array(keyId(0x77));
        bytes memory acts = array(bytes32(KeyPurpose.ACT));
        byTwo(MembershipVerbs.ADMIT_MEMBER, stranger.id, 0, admission(Role.CARRIER, keyId(stranger.key)));
        bytes32 assignment = assignmentId(PORT, Role.DEPOT);
        byTwo(MembershipVerbs.CHANGE_ROLES, stranger.id, 0, abi.encode(Role.CARRIER | Role.DEPOT, REASON));
        byTwo(MembershipVerbs.ASSIGN_AUTHORITY, assignment, 0, abi.encode(PORT, Role.DEPOT, stranger.id, 1));
        byTwo(MembershipVerbs.CHANGE_RULEBOOK, RULES, 1, abi.encode(REASON, 1, 1));
        byTwo(MembershipVerbs.SUSPEND_MEMBER, stranger.id, 0, abi.encode(REASON));
        byTwo(MembershipVerbs.REINSTATE_MEMBER, stranger.id, 0, abi.encode(REASON));
        byTwo(MembershipVerbs.NAME_SUCCESSOR, stranger.id, 0, abi.encode(carrier.id, REASON));
        byTwo(MembershipVerbs.RECOVER_KEYS, stranger.id, 0, recovery(0, one, acts));
        byTwo(MembershipVerbs.EXIT_MEMBER, stranger.id, 0, abi.encode(REASON));
        bytes memory seats = array(carrier.id, bank.id);
        bytes memory keys = array(keyId(seat(0).key), keyId(seat(1).key));
        byTwo(MembershipVerbs.ROTATE_COUNCIL, COUNCIL, 0, bytes.concat(abi.encode(2), seats, keys));
    }

    function test_a_member_rotates_its_own_keys() public {
        addKey(bank, 0x77, KeyPurpose.ACT);
        Member memory renewed = Member(bank.id, 0x77);
        done(membership, self(MembershipVerbs.REVOKE_KEY, renewed, abi.encode(keyId(bank.key))));
        bytes memory reason = because(IActs.KeyNotValid.selector, bank.id, keyId(bank.key));
        refused(membership, profileBy(bank, bank.key), reason);
        done(membership, profileBy(bank, 0x77));
    }

    function test_open_offers_are_the_members_not_the_keys() public {
        live(0);
        done(titles, offer(shipper, bank.id, Capacity.HOLDER, Endorsement.NONE));
        addKey(shipper, 0x77, KeyPurpose.ACT);
        done(membership, self(MembershipVerbs.REVOKE_KEY, shipper, abi.encode(keyId(shipper.key))));
        addKey(bank, 0x78, KeyPurpose.ACT);
        done(membership, self(MembershipVerbs.REVOKE_KEY, bank, abi.encode(keyId(bank.key))));
        done(titles, answer(TitlesVerbs.ACCEPT, Member(bank.id, 0x78)));
        same(titles.titleOf(TITLE).holder, bank.id, "holder");
    }

    function test_suspended_it_can_neither_accept_nor_be_accepted_from() public {
        live(0);
        done(titles, offer(shipper, bank.id, Capacity.HOLDER, Endorsement.NONE));
        suspend(shipper.id);
        refused(titles, answer(TitlesVerbs.ACCEPT, bank), because(IActs.MemberNotActive.selector, shipper.id));
        carried(MembershipVerbs.REINSTATE_MEMBER, shipper.id, 0, abi.encode(REASON));
        suspend(bank.id);
        refused(titles, answer(TitlesVerbs.ACCEPT, bank), because(IActs.MemberNotActive.selector, bank.id));
        done(titles, made(titles, TitlesVerbs.WITHDRAW, shipper, TITLE, 3, abi.encode(offerNamed(TITLE))));
        bytes memory act = offer(shipper, bank.id, Capacity.HOLDER, Endorsement.NONE);
        refused(titles, act, because(IActs.MemberNotActive.selector, bank.id));
    }

    function test_suspended_its_titles_move_only_by_order() public {
        carried(MembershipVerbs.ADMIT_MEMBER, regulator.id, 0, admission(Role.REGULATOR, keyId(regulator.key)));
        _assign(PORT, Role.REGULATOR, regulator);
        live(0);
        suspend(shipper.id);
        bytes memory reason = because(IActs.MemberNotActive.selector, shipper.id);
        refused(titles, offer(shipper, bank.id, Capacity.HOLDER, Endorsement.NONE), reason);
        refused(titles, surrender(shipper), reason);
        done(titles, made(titles, TitlesVerbs.FREEZE, customs, TITLE, 0, abi.encode(PORT, LEGAL_ORDER)));
        vm.warp(START + TRANSFER);
        bytes memory own = abi.encode(PORT, LEGAL_ORDER, bank.id, 0);
        bytes memory proposal = made(titles, TitlesVerbs.PROPOSE_TRANSFER, customs, TITLE, 0, own);
        done(titles, proposal);
        own = abi.encode(PORT, LEGAL_ORDER, titles.digestOf(proposal));
        done(titles, made(titles, TitlesVerbs.CONFIRM_TRANSFER, regulator, TITLE, 0, own));
        same(titles.titleOf(TITLE).holder, bank.id, "holder");
    }

    function test_suspended_liens_in_its_favour_stand() public {
        live(0);
        handOver(shipper, bank, Capacity.PLEDGEE, Endorsement.NONE);
        suspend(bank.id);
        same(titles.titleOf(TITLE).pledgee, bank.id, "pledgee");
        bytes memory act = offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NONE);
        refused(titles, act, because(ITitles.TitlePledged.selector, TITLE));
        carried(MembershipVerbs.REINSTATE_MEMBER, bank.id, 0, abi.encode(REASON));
        done(titles, made(titles, TitlesVerbs.RELEASE_PLEDGE, bank, TITLE, 4, abi.encode(ROOT)));
        same(titles.titleOf(TITLE).pledgee, 0, "released");
    }

    function test_exit_is_refused_while_it_has_titles_liens_or_orders() public {
        live(0);
        handOver(shipper, bank, Capacity.PLEDGEE, Endorsement.NONE);
        stays(shipper, 1, 0); // holds it
        stays(bank, 1, 0); // has the lien
        stays(carrier, 1, 0); // issued it
        done(titles, made(titles, TitlesVerbs.RELEASE_PLEDGE, bank, TITLE, 4, abi.encode(ROOT)));
        exit(bank.id);
        done(titles, surrender(shipper));
        done(titles, answer(TitlesVerbs.ACCEPT, carrier));
        stays(shipper, 1, 0);
        done(releases, opening(ORDER, threeKinds(), theirMembers(), array(BOX, OTHER_BOX)));
        stays(terminal, 0, 1); // releases it
    }

    function test_an_absent_carrier_gets_a_council_named_successor_for_surrender_and_release() public {
        live(0);
        done(titles, surrender(shipper));
        suspend(carrier.id);
        giveRoles(consignee.id, Role.CONSIGNEE | Role.CARRIER);
        nameSuccessor(carrier.id, consignee.id);
        done(titles, answer(TitlesVerbs.ACCEPT, consignee));
        same(titles.titleOf(TITLE).state, TitleState.SURRENDERED, "surrendered");
        bytes memory members = array(consignee.id, customs.id, terminal.id);
        done(releases, openingBy(consignee, ORDER, threeKinds(), members, array(BOX)));
        done(releases, condition(consignee, ConditionKind.FREIGHT, 1));
        same(releases.orderOfTitle(TITLE), ORDER, "released by it");
    }

    function test_authorities_are_assigned_by_port_and_role_to_members() public {
        carried(MembershipVerbs.ADMIT_MEMBER, regulator.id, 0, admission(Role.CUSTOMS, keyId(regulator.key)));
        _assign(PORT, Role.CUSTOMS, regulator);
        holds(membership.assigned(PORT, Role.CUSTOMS, customs.id), "one member");
        holds(membership.assigned(PORT, Role.CUSTOMS, regulator.id), "and another");
        holds(!membership.assigned(PORT + 1, Role.CUSTOMS, customs.id), "at no other port");
        holds(!membership.assigned(PORT, Role.REGULATOR, customs.id), "in no other role");
    }

    /// @dev One seat is not enough, and two are.
    function byTwo(uint256 verb, bytes32 object, uint256 counter, bytes memory own) private {
        acted(membership, made(membership, verb, seat(2), object, counter, own), Outcome.ASSENTED);
        done(membership, made(membership, verb, seat(1), object, counter, own));
    }

    function stays(Member memory member, uint256 ofTitles, uint256 ofOrders) private {
        bytes memory act = motion(0, MembershipVerbs.EXIT_MEMBER, member.id, abi.encode(keccak256("stays")));
        bytes memory reason = abi.encodeWithSelector(IMembership.MemberHasTies.selector, member.id, ofTitles, ofOrders);
        refused(membership, act, reason);
    }
}
