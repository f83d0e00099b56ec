using System.Security.Cryptography;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Tests.Keys;

/// <summary>The frame of every key file, and the fields within it: what is not whole is damage, and what a later version wrote is told as that.</summary>
public sealed class KeyFrameTests
{
    private static string Refusal(Func<object> read) => Assert.Throws<StingException>(read).ErrorId;

    [Fact]
    public void A_file_of_a_later_version_is_told_by_its_number_and_is_no_damage()
    {
        var bytes = KeyFrame.Write(KeyFileKind.Host, [1, 2, 3]);
        bytes[10] = 2;
        SHA256.HashData(bytes.AsSpan(..^KeyFrame.ChecksumSize), bytes.AsSpan(^KeyFrame.ChecksumSize..));
        var error = Assert.Throws<StingException>(() => KeyFrame.Read(bytes, KeyFileKind.Host, "f"));
        Assert.Equal(("FormatTooNew", FailureKind.NotSupported), (error.ErrorId, error.Kind));
        Assert.Contains("version 2", error.Message, StringComparison.Ordinal);
        using var signer = EcdsaSigner.Generate();
        var signed = KeyFrame.Sign(KeyFileKind.Turn, [1], signer);
        signed[10] = 2;
        Assert.Equal("FormatTooNew", Refusal(() => KeyFrame.ReadSigned(signed, KeyFileKind.Turn, "f", (_, _, _) => true)));
    }

    [Fact]
    public void What_is_short_of_another_kind_or_longer_than_it_says_is_damage()
    {
        var whole = KeyFrame.Write(KeyFileKind.Host, [1, 2, 3]);
        var longer = (byte[])whole.Clone();
        longer[12] = 4;   // bytes of content that it says it has
        var elsewhere = (byte[])whole.Clone();
        elsewhere[0] ^= 1;
        foreach (var wrong in (byte[][])[[], whole[..20], longer, elsewhere, KeyFrame.Write(KeyFileKind.Spares, [1, 2, 3])])
        {
            Assert.Equal("KeyFileDamaged", Refusal(() => KeyFrame.Read(wrong, KeyFileKind.Host, "f")));
        }
        Assert.Equal([1, 2, 3], KeyFrame.Read((byte[])[.. whole, 0], KeyFileKind.Host, "f").ToArray());   // records follow such a head
        Assert.Equal("KeyFileDamaged", Refusal(() => KeyFrame.ReadWhole((byte[])[.. whole, 0], KeyFileKind.Host, "f")));
        using var signer = EcdsaSigner.Generate();
        var signed = KeyFrame.Sign(KeyFileKind.Turn, [1], signer);
        Assert.Equal("KeyFileDamaged", Refusal(() => KeyFrame.ReadSigned((byte[])[.. signed, 0], KeyFileKind.Turn, "f", (_, _, _) => true)));
        Assert.Equal("KeyFileDamaged", Refusal(() => KeyFrame.ReadSigned(signed, KeyFileKind.Turn, "f", (_, _, _) => false)));
    }

    [Fact]
    public void A_field_is_read_as_what_it_is_and_as_nothing_else()
    {
        var cbor = CborFields.StartMap(5);
        CborFields.Write(cbor, 1, [1, 2]);
        CborFields.Write(cbor, 2, -5);
        cbor.WriteInt32(3);
        cbor.WriteNull();
        cbor.WriteInt32(4);
        cbor.WriteTextString("text");
        cbor.WriteInt32(5);
        cbor.WriteStartArray(1);
        cbor.WriteByteString([7, 8]);
        cbor.WriteEndArray();
        var fields = Fields(CborFields.End(cbor));
        Assert.Equal([1, 2], fields.Bytes(1, 2));
        Assert.Equal((-5, -5, null, "text"), (fields.Long(2), fields.LongOrNull(2), fields.LongOrNull(3), fields.Text(4)));
        Assert.Equal([7, 8], Assert.Single(fields.List(5, reader => CborFields.Sized(reader, 2))));
        Assert.Equal((true, false), (fields.Has(1), fields.Has(9)));
        Func<object>[] wrong =
        [
            () => fields.Bytes(1, 3), () => fields.Number(2), () => fields.Long(3), () => fields.Text(1), () => fields.Long(9), () => fields.LongOrNull(4)!,
            () => fields.List(5, reader => CborFields.Sized(reader, 3)), () => fields.List(5, reader => reader.ReadInt32()), () => fields.Get(1, _ => new object()),
        ];
        Assert.All(wrong, read => Assert.Equal("Damaged", Refusal(read)));
    }

    [Fact]
    public void What_is_no_map_of_ascending_numbers_or_goes_on_behind_it_is_damage()
    {
        byte[][] wrong = [[], [0x01], [0xa2, 0x01, 0x01], [0xa2, 0x01, 0x01, 0x01, 0x02], [0xa2, 0x02, 0x01, 0x01, 0x01], [0xa1, 0x61, 0x61, 0x01], [0xa1, 0x01, 0x01, 0x00]];
        Assert.All(wrong, bytes => Assert.Equal("Damaged", Refusal(() => Fields(bytes))));
    }

    private static CborFields Fields(byte[] payload) => new(payload, "it", (why, inner) => new StingException("Damaged", FailureKind.Integrity, why, "it", "None.", inner));
}
