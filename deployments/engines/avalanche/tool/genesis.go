package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"math/big"
	"sort"
	"strings"

	"github.com/ava-labs/libevm/core"
	"github.com/ava-labs/libevm/params"

	"github.com/ava-labs/avalanchego/genesis"
	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/upgrade"
	"github.com/ava-labs/avalanchego/utils/constants"
	"github.com/ava-labs/avalanchego/utils/formatting/address"
	"github.com/ava-labs/avalanchego/utils/units"
	"github.com/ava-labs/avalanchego/vms/platformvm/reward"
)

const (
	noEthAddress = "0x0000000000000000000000000000000000000000"
	cGasLimit    = 100_000_000
	oneHour      = 3600
)

type genesisRequest struct {
	NetworkID    uint32     `json:"network_id"`
	Start        uint64     `json:"start"`         // UTC seconds
	StakeSeconds uint64     `json:"stake_seconds"` // how long the founders' stakes last
	StakeAVAX    uint64     `json:"stake_avax"`    // of each founder
	TreasuryAVAX uint64     `json:"treasury_avax"`
	FoundingKey  string     `json:"founding_key"` // P-chain address
	Founders     []Identity `json:"founders"`
}

// primaryGenesis writes the primary network's genesis; the same request gives the same bytes.
//
// A genesis knows no threshold, so the treasury begins with the founding key, which moves it to the council
// in the network's first transaction and has nothing afterwards. The founders' stakes belong to an address that
// is a hash and no key's, so that nobody can take them out.
func primaryGenesis(_ context.Context, request genesisRequest) (any, error) {
	treasury, err := asX(request.FoundingKey, request.NetworkID)
	if err != nil {
		return nil, err
	}
	nobody, err := nobodysAddress(request)
	if err != nil {
		return nil, err
	}
	founders := append([]Identity{}, request.Founders...)
	sort.Slice(founders, func(i, j int) bool { return founders[i].NodeID < founders[j].NodeID })
	stakers := make([]genesis.UnparsedStaker, 0, len(founders))
	for _, founder := range founders {
		id, err := ids.NodeIDFromString(founder.NodeID)
		if err != nil {
			return nil, err
		}
		stakers = append(stakers, genesis.UnparsedStaker{
			NodeID: id, RewardAddress: nobody, DelegationFee: reward.PercentDenominator, Signer: founder.Signer,
		})
	}
	cChain, err := emptyCChain(request.NetworkID)
	if err != nil {
		return nil, err
	}
	config := &genesis.UnparsedConfig{
		NetworkID: request.NetworkID,
		Allocations: []genesis.UnparsedAllocation{
			locked(nobody, uint64(len(founders))*request.StakeAVAX*units.Avax, request.Start+oneHour),
			locked(treasury, request.TreasuryAVAX*units.Avax, 0),
		},
		StartTime:            request.Start,
		InitialStakedFunds:   []string{nobody},
		InitialStakeDuration: request.StakeSeconds,
		InitialStakers:       stakers,
		CChainGenesis:        cChain,
		Message:              "lading",
	}
	text, err := json.MarshalIndent(config, "", " ")
	return map[string]string{"genesis": string(text)}, err
}

func locked(owner string, amount, until uint64) genesis.UnparsedAllocation {
	return genesis.UnparsedAllocation{
		ETHAddr: noEthAddress, AVAXAddr: owner,
		UnlockSchedule: []genesis.LockedAmount{{Amount: amount, Locktime: until}},
	}
}

// emptyCChain is the genesis of the C-chain, which every primary network has and this one does not use.
func emptyCChain(networkID uint32) (string, error) {
	text, err := json.Marshal(&core.Genesis{
		Config:     &params.ChainConfig{ChainID: new(big.Int).SetUint64(uint64(networkID))},
		Difficulty: big.NewInt(0),
		Timestamp:  uint64(upgrade.InitiallyActiveTime.Unix()),
		GasLimit:   cGasLimit,
		Alloc:      core.GenesisAlloc{},
	})
	return string(text), err
}

// nobodysAddress is a hash of the founding's inputs: nobody has a key of it.
func nobodysAddress(request genesisRequest) (string, error) {
	inputs, err := json.Marshal(request)
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256(append([]byte("lading: the founders' stakes are nobody's\x00"), inputs...))
	return address.Format("X", constants.GetHRP(request.NetworkID), digest[:20])
}

// asX writes a P-chain address as the genesis has addresses.
func asX(text string, networkID uint32) (string, error) {
	id, err := address.ParseToID(text)
	if err != nil {
		return "", err
	}
	return address.Format("X", constants.GetHRP(networkID), id.Bytes())
}

type upgradeRequest struct {
	Granite bool `json:"granite"`
}

// upgradeFile writes the engine's upgrade times: all from the first block on, Granite only if it is asked for.
func upgradeFile(_ context.Context, request upgradeRequest) (any, error) {
	config := upgrade.Default
	if !request.Granite {
		config.GraniteTime = upgrade.UnscheduledActivationTime
	}
	text, err := json.MarshalIndent(config, "", " ")
	return map[string]string{"upgrades": strings.TrimSpace(string(text))}, err
}
