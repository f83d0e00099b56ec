using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Tests.Keys;

/// <summary>A file of key records by its bytes: a torn end is no damage, everything else that is no record is told with its place, and the records around it count.</summary>
public sealed class RecordFileTests
{
    private const uint Epoch = 3;
    private static readonly Id16 Reserve = new(RandomNumberGenerator.GetBytes(Id16.Size));
    private static readonly byte[] Head = RecordFile.Head(Reserve, Epoch);

    private static byte[] Frame(int? ciphertext = null) => RecordFile.Frame([new KeyRecord(KemSuite.P256, new Id16(RandomNumberGenerator.GetBytes(Id16.Size)), 1, 1, new byte[12], RandomNumberGenerator.GetBytes(ciphertext ?? KeyRecord.SizeOf(KemSuite.P256) - KeyRecord.HeadSize))]);

    private static RecordFile Read(params byte[][] parts) => RecordFile.Read([.. parts.SelectMany(part => part)], Reserve, Epoch, "keys");

    [Fact]
    public void A_torn_or_zeroed_end_is_no_damage_and_the_next_append_cuts_it_off()
    {
        var (first, second) = (Frame(), Frame());
        foreach (var torn in (byte[][])[[], second[..1], second[..3], second[..8], second[..100], second[..^1], new byte[3], new byte[500], [.. second[..60], .. new byte[second.Length - 60]]])
        {
            var content = Read(Head, first, torn);
            Assert.Single(content.Records);
            Assert.Empty(content.Faults);
            Assert.Equal(Head.Length + first.Length, content.SoundLength);
        }
    }

    [Fact]
    public void What_lies_among_records_and_is_none_is_told_with_its_place()
    {
        var changed = Frame();
        changed[50] ^= 1;
        byte[] endless = [.. "SREC"u8, 0xff, 0xff, 0xff, 0x7f, .. new byte[30]];
        foreach (var stranger in (byte[][])[RandomNumberGenerator.GetBytes(3), [.. "SREC"u8], endless, changed])
        {
            var first = Frame();
            var content = Read(Head, first, stranger, Frame());
            Assert.Equal(2, content.Records.Count);
            Assert.Contains($"the bytes from {Head.Length + first.Length} to", Assert.Single(content.Faults).Message, StringComparison.Ordinal);
        }
        // At the end too, where it is nothing that a write could have left.
        Assert.Single(Read(Head, Frame(), changed, "behind it"u8.ToArray()).Faults);
    }

    [Fact]
    public void A_record_of_another_length_in_a_whole_frame_is_damage_of_that_record()
    {
        var content = Read(Head, Frame(20), Frame());
        Assert.Single(content.Records);
        Assert.Contains("wrong length", Assert.Single(content.Faults).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_head_is_told_and_another_reserves_or_epochs_is_refused()
    {
        var damaged = (byte[])Head.Clone();
        damaged[20] ^= 1;
        foreach (var head in (byte[][])[damaged, Head[..40]])
        {
            Assert.Single(Read(head).Faults);
        }
        Assert.Single(Read(damaged, Frame()).Records);
        Assert.Equal("KeyFileDamaged", Read(KeyFrame.Write(KeyFileKind.Records, new byte[5])).Faults[0].ErrorId);
        foreach (var foreign in (byte[][])[RecordFile.Head(Reserve, Epoch + 1), RecordFile.Head(new Id16(RandomNumberGenerator.GetBytes(Id16.Size)), Epoch)])
        {
            Assert.Equal("KeyStoreForeign", Assert.Throws<StingException>(() => Read(foreign)).ErrorId);
        }
        Assert.Equal(Reserve, RecordFile.ReserveOf(Head, "keys"));
    }
}
