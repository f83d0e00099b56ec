using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Integrity;

/// <summary>What to do about a damaged object, by what it is.</summary>
internal static class Remedies
{
    /// <summary>The same where there are further tiers: they may have it whole.</summary>
    public static string For(string name, Tier tier) => ObjectKinds.Of(name) is null or ObjectKind.Session or ObjectKind.Mark or ObjectKind.Parity
        ? For(name) : $"Run Repair-StingRepository{(tier == Tier.Local ? "" : $" -Tier {tier}")}: it is fetched from another tier that has it whole. Where none has: {For(name)}";

    /// <summary>The first folder of an object's name decides.</summary>
    public static string For(string name) => name[..Math.Max(0, name.IndexOf('/', StringComparison.Ordinal))] switch
    {
        "format" or "writers" or "approvers" => "Run Repair-StingRepository: it puts back the key directory's copy.",
        "subjects" => "Run Repair-StingRepository with the key file's passphrase: it makes the claim anew. No file is lost.",
        "points" => "Restore from another point. If it vanished, find out who deletes from the store; a copy of the object put back under its name is accepted.",
        "index" => "Run Repair-StingRepository: the index is made anew from the packs. No file is lost.",
        "meta" or "data" => "Run Repair-StingRepository with the restore role's keys, then a full backup: what the reserve still holds is stored again, and older points with it. "
            + "Files that are gone from the reserve: restore another version of them.",
        "ledger" => "Run Repair-StingRepository: it puts back the key directory's copy, by which whoever was erased stays so until then. Never remove one.",
        "drops" or "gc" => "Run Repair-StingRepository: it takes away what counts for nobody. What it named, the next retention or sweep names anew.",
        "drills" => "Find out who wrote to or deletes from the store. A copy put back under its name is accepted; where there is none, hold another test (Test-StingRecovery) and then remove it.",
        "config" => "Run a backup: it keeps the configuration anew. A copy put back under its name is accepted; where there is none, remove this one after that run. No file is lost.",
        "audit" => "Find out who wrote to or deletes from the store, and compare with the hosts' logs. A copy of the record put back under its name is accepted; nothing makes one anew.",
        "parity" => "Run Repair-StingRepository: it is made anew from its pack. No file is lost.",
        "sessions" => "Run Repair-StingRepository; no file is lost.",
        "keys" => "Put the subject's key record back from a replica of the key store (Get-StingKey shows them). An erased subject stays unreadable.",
        _ => "It is no part of this repository. Find out who put it there, then remove it.",
    };
}
