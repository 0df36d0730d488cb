// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LegalOrderWord} from "../src/LegalOrderWord.sol";
import {MemberWord} from "../src/MemberWord.sol";
import {Title, TitleWord} from "../src/TitleWord.sol";
import {FreezeStage} from "../src/generated/Words.sol";
import {Test} from "./Vm.sol";

/// @dev That the packed words hold what is put into them, field by field.
contract TitleWordTest is Test {
    using MemberWord for uint256;
    using TitleWord for Title;
    using LegalOrderWord for uint256;

    uint256 private constant BITS_USED = 246;

    function test_a_titles_word_is_what_its_fields_make(uint256 word) public pure {
        word &= (1 << BITS_USED) - 1;
        Title memory t = Title(word);
        Title memory made = Title(uint256(t.counter()) << 24);
        made.openOffer(t.counterparty(), t.deadline());
        made.setState(t.state());
        made.setKind(t.kind());
        made.setCapacity(t.capacity());
        made.setEndorsement(t.endorsement());
        made.setPurpose(t.purpose());
        made.setLoading(t.loading());
        made.setDischarge(t.discharge());
        made.setCarrier(t.carrier());
        made.setHolder(t.holder());
        made.setPledgee(t.pledgee());
        made.setParty(t.party());
        if (t.defaulted() == 1) made.recordDefault();
        if (t.consented() == 1) made.consent();
        for (uint256 i = 0; i < t.freezes(); i++) {
            made.addFreeze();
        }
        made.word |= t.version() << 12;
        same(made.word, word, "word");
    }

    function test_a_setter_changes_its_own_field_alone(uint256 word, uint24 member) public pure {
        word &= (1 << BITS_USED) - 1;
        Title memory t = Title(word);
        t.setHolder(member);
        same(t.holder(), member, "holder");
        t.setHolder(Title(word).holder());
        t.setState(0xf);
        same(t.state(), 0xf, "state");
        t.setState(Title(word).state());
        t.setParty(member);
        t.setParty(Title(word).party());
        same(t.word, word, "word");
    }

    function test_versions_counters_and_freezes_go_up_and_down_by_one(uint32 counter) public pure {
        Title memory t = Title(uint256(counter >> 1) << 24);
        t.count();
        t.nextVersion();
        t.addFreeze();
        t.addFreeze();
        t.endFreeze();
        same(t.counter(), (counter >> 1) + 1, "counter");
        same(t.version(), 1, "version");
        same(t.freezes(), 1, "freezes");
    }

    function test_a_lien_ends_with_its_default(uint256 word) public pure {
        word &= (1 << BITS_USED) - 1;
        Title memory t = Title(word);
        t.endLien();
        same(t.pledgee(), 0, "pledgee");
        same(t.defaulted(), 0, "defaulted");
        t.setPledgee(Title(word).pledgee());
        if (Title(word).defaulted() == 1) t.recordDefault();
        same(t.word, word, "word");
    }

    function test_without_its_offer_a_title_keeps_all_else(uint256 word) public pure {
        word &= (1 << BITS_USED) - 1;
        Title memory t = Title(word);
        t.closeOffer();
        same(t.counterparty() | t.deadline() | t.capacity() | t.endorsement() | t.purpose() | t.consented(), 0, "offer");
        t.openOffer(Title(word).counterparty(), Title(word).deadline());
        t.setCapacity(Title(word).capacity());
        t.setEndorsement(Title(word).endorsement());
        t.setPurpose(Title(word).purpose());
        if (Title(word).consented() == 1) t.consent();
        same(t.word, word, "word");
    }

    function test_a_members_word_is_what_its_fields_make(uint256 word) public pure {
        uint256 made = word.number();
        for (uint256 i = 0; i < 3; i++) {
            made = made.recovered();
        }
        made = (made & ~(uint256(0xffffff) << 72)) | (word.epoch() << 72);
        made = made.withRoles(word.roles()).withStatus(word.status()).withSuccessor(word.successor());
        same(made.withKey(word.key()), word, "word");
        same(word.withRoles(0).roles(), 0, "roles");
        same(word.withKey(address(0)).recovered().withKey(word.key()).number(), word.number(), "number");
    }

    function test_a_recovery_begins_an_epoch_without_a_key(uint256 word) public pure {
        word &= ~(uint256(1) << 95);
        same(word.recovered().epoch(), word.epoch() + 1, "epoch");
        holds(word.recovered().key() == address(0), "key");
        same(word.recovered() << 184, word << 184, "all else");
    }

    function test_an_orders_word_is_what_its_fields_make(uint24 by, uint24 proposer, uint24 to, bytes32 digest)
        public
        pure
    {
        uint256 word = LegalOrderWord.frozen(by, 1 << 40);
        same(word.by(), by, "by");
        same(word.transferableFrom(), 1 << 40, "from");
        same(word.proposal(), 0, "proposal");
        same(word.withoutProposal(), word, "nothing to lapse");
        word = word.proposed(uint256(proposer) | 1, to, 1, digest);
        same(word.by(), by, "by");
        same(word.proposer(), uint256(proposer) | 1, "proposer");
        same(word.to(), to, "to");
        same(word.endsLien(), 1, "endsLien");
        same(word.proposal(), uint168(uint256(keccak256(abi.encode(digest)))), "proposal");
        same(word.transferableFrom(), 0, "from");
        same(word.withoutProposal(), LegalOrderWord.frozen(by, 0), "lapsed");
        word = word.moved(FreezeStage.LIFTED);
        same(word.stage(), FreezeStage.LIFTED, "stage");
        same(word.to(), to, "to");
    }
}
