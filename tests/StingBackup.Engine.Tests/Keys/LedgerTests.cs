using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Tests.Keys;

/// <summary>The ledger of the erased is a chain: it counts up to where something is missing or does not follow, and says so.</summary>
public sealed class LedgerTests : IDisposable
{
    private readonly EcdsaSigner _keyRole = EcdsaSigner.Generate();
    private readonly Id16 _reserve = NewId();

    public void Dispose() => _keyRole.Dispose();

    private static Id16 NewId() => new(RandomNumberGenerator.GetBytes(Id16.Size));

    private (string Name, byte[] Bytes) Entry(long sequence, byte[]? previous, Id16? reserve = null)
    {
        var entry = new LedgerEntry
        {
            Reserve = reserve ?? _reserve, Sequence = sequence, Previous = previous is null ? default : LedgerEntry.HashOf(previous), Pseudonym = NewId(), Tag = NewId(), Aliases = [NewId()], ErasedNs = 1, Epoch = 2, Request = NewId(),
        };
        return (entry.ObjectName, entry.ToBytes(_keyRole));
    }

    private ErasureLedger Read(params (string Name, byte[] Bytes)[] objects) => ErasureLedger.Read(objects, _reserve, _keyRole.PublicKey);

    [Fact]
    public void Entries_that_follow_one_another_count_in_whatever_order_and_however_often_they_are_given()
    {
        var first = Entry(1, null);
        var second = Entry(2, first.Bytes);
        var ledger = Read(second, first, second);
        Assert.Empty(ledger.Faults);
        Assert.Equal((2, LedgerEntry.HashOf(second.Bytes)), (ledger.Entries.Count, ledger.Head));
        Assert.Equal((true, true, false), (ledger.Reaches(default), ledger.Reaches(LedgerEntry.HashOf(first.Bytes)), ledger.Reaches(new Id32(RandomNumberGenerator.GetBytes(Id32.Size)))));
        var entry = ledger.Entries[1];
        Assert.Equal((entry, entry, null), (ledger.Find(entry.Pseudonym), ledger.FindTag(entry.Aliases[0]), ledger.FindTag(NewId())));
        Assert.Equal(default, ErasureLedger.Empty.Head);
    }

    [Fact]
    public void It_ends_before_a_gap_and_before_an_entry_that_does_not_follow()
    {
        var first = Entry(1, null);
        foreach (var next in new[] { Entry(3, first.Bytes), Entry(2, null) })
        {
            var ledger = Read(first, next);
            Assert.Equal((1, "LedgerBroken"), (ledger.Entries.Count, Assert.Single(ledger.Faults).ErrorId));
        }
        Assert.Equal((0, "LedgerBroken"), (Read(Entry(1, first.Bytes)) is var none ? none.Entries.Count : 1, Assert.Single(none.Faults).ErrorId));
    }

    [Fact]
    public void One_that_is_damaged_of_another_reserve_or_in_another_place_counts_for_nothing_and_is_told()
    {
        var first = Entry(1, null);
        var damaged = (byte[])first.Bytes.Clone();
        damaged[40] ^= 1;
        foreach (var wrong in new[] { (first.Name, damaged), Entry(1, null, NewId()), ("ledger/000000000002", first.Bytes) })
        {
            var ledger = Read(wrong);
            Assert.Equal((0, "ObjectDamaged"), (ledger.Entries.Count, Assert.Single(ledger.Faults).ErrorId));
        }
    }
}
