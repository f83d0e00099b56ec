using System.Formats.Cbor;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Tests.Keys.Escrow;

/// <summary>Shares, and the shelf of sealed escrows in the key directory.</summary>
public sealed class EscrowShareTests : IDisposable
{
    private readonly KeyFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    private static byte[] Share(byte number, byte threshold, byte shares)
    {
        using var random = RandomNumberGenerator.Create();
        using var share = new EscrowShare(Id16.New(random), Id16.New(random), number, threshold, shares, SecretBytes.Random(SealedEscrow.KeySize, random));
        using var secret = share.ToSecret();
        return secret.Span.ToArray();
    }

    [Theory]
    [InlineData(0, 2, 3), InlineData(4, 2, 3), InlineData(1, 1, 3), InlineData(1, 4, 3)]
    public void A_share_whose_numbers_cannot_be_is_refused(byte number, byte threshold, byte shares)
    {
        var error = Assert.Throws<StingException>(() => EscrowShare.Read(Share(number, threshold, shares), "page.txt"));
        Assert.Equal("EscrowShareMistyped", error.ErrorId);
        Assert.Contains("which cannot be", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_share_of_a_later_version_is_told_as_that()
    {
        var bytes = Share(1, 2, 3);
        bytes[0] = 2;
        SHA256.HashData([.. "sting1 share"u8, .. bytes[..^12]])[..12].CopyTo(bytes, bytes.Length - 12);
        Assert.Equal("FormatTooNew", Assert.Throws<StingException>(() => EscrowShare.Read(bytes, "page.txt")).ErrorId);
    }

    [Theory]
    [InlineData("S", true), InlineData("Sx 12", true), InlineData("X1 ABCD", true), InlineData("S1", true), InlineData("S12345 ABCD", true), InlineData("S1ABCD", true)]
    [InlineData("s1 abcd", false), InlineData("E2:ABCD", false), InlineData(" E3.ABCD", false), InlineData("S4\tABCD", false)]
    public void A_line_is_one_that_starts_with_its_letter_and_number(string line, bool isNone) => Assert.Equal(isNone, EscrowCode.Split(line) is null);

    [Fact]
    public void A_code_with_a_stranger_among_its_letters_or_bits_left_over_is_none()
    {
        var line = EscrowCode.Write('S', new byte[] { 1, 2, 3 }).Single();
        var (_, _, code) = EscrowCode.Split(line)!.Value;
        Assert.Equal([1, 2, 3], EscrowCode.Read("S1", code)!);
        foreach (var wrong in (string[])["", "ABCD", "U" + code.Trim()[1..], "*" + code.Trim()[1..], code.Trim()[..4] + "Z" + code.Trim()[5..]])
        {
            Assert.Null(EscrowCode.Read("S1", wrong));
        }
        Assert.Null(EscrowCode.Read("S2", code));
        // All the letters that look like 0 and 1.
        byte[] alike = [0x00, 0x00, 0x00, 0x00, 0x00, 0x08, 0x42, 0x10, 0x84, 0x21];
        var text = EscrowCode.Split(EscrowCode.Write('S', alike).Single())!.Value.Code;
        foreach (var (zero, one) in (IEnumerable<(char, char)>)[('0', '1'), ('O', 'I'), ('o', 'L'), ('0', 'l'), ('O', 'i')])
        {
            Assert.Equal(alike, EscrowCode.Read("S1", text.Replace('0', zero).Replace('1', one))!);
        }
    }

    [Fact]
    public async Task The_shelf_tells_what_it_holds_and_lets_go_of_what_opens_nothing_any_more()
    {
        using var keys = await _fixture.CreateAsync();
        using (var reader = KeyFixture.Unlock(keys))
        {
            Keep(keys, reader);
        }
        var kept = Assert.Single(keys.Escrows);
        Assert.Equal((EscrowState.Current, 3, 2), (kept.State, kept.Shares, (int)kept.Threshold));
        foreach (var at in (int[])[0, (int)new FileInfo(kept.Location).Length - 1])
        {
            KeyFixture.Flip(kept.Location, at);   // the frame; the signature
            Assert.Equal(EscrowState.Damaged, Assert.Single(keys.Escrows).State);
            KeyFixture.Flip(kept.Location, at);
        }
        using (var reader = KeyFixture.Unlock(keys))
        {
            await keys.RenewKekAsync(reader, null, _fixture.Store, default);
        }
        using var now = _fixture.Open();
        Assert.Equal(EscrowState.Stale, Assert.Single(now.Escrows).State);
        using (var reader = KeyFixture.Unlock(now))
        {
            Keep(now, reader);
        }
        Assert.Equal(EscrowState.Current, Assert.Single(now.Escrows).State);
        Assert.False(File.Exists(kept.Location));
    }

    [Fact]
    public async Task An_escrow_of_another_reserve_is_refused_and_one_proves_itself_by_every_record()
    {
        using var keys = await _fixture.CreateAsync();
        using var elsewhere = new KeyFixture();
        using var others = await elsewhere.CreateAsync();
        using var reader = KeyFixture.Unlock(keys);
        using var stranger = KeyFixture.Unlock(others);
        Assert.Equal("EscrowForeign", (await Assert.ThrowsAsync<StingException>(async () => await keys.StateOfAsync(Keep(others, stranger), _fixture.Store, default))).ErrorId);
        var escrow = Keep(keys, reader);
        Assert.Equal(EscrowState.Current, await keys.StateOfAsync(escrow, _fixture.Store, default));
        var (records, opened, faults) = keys.Prove(reader.Role.Keys, default);
        Assert.Equal((KeyFixture.FewSpares, KeyFixture.FewSpares, 0), (records, opened, faults.Count));
        (records, opened, faults) = keys.Prove(stranger.Role.Keys, default);
        Assert.Equal((KeyFixture.FewSpares, 0, KeyFixture.FewSpares), (records, opened, faults.Count));
        Directory.Delete(_fixture.Options.KeyDirectory, recursive: true);
        using var without = _fixture.Open();
        Assert.Equal(EscrowState.Current, await without.StateOfAsync(escrow, _fixture.Store, default));   // told by the format object
    }

    private static SealedEscrow Keep(ReserveKeys keys, SubjectReader reader)
    {
        var (escrow, shares) = keys.MakeEscrow(reader, 3, 2);
        Array.ForEach(shares, share => share.Dispose());
        keys.Keep(escrow);
        return escrow;
    }

    [Fact]
    public void A_share_of_another_length_is_none() => Assert.Equal("EscrowShareMistyped", Assert.Throws<StingException>(() => EscrowShare.Read(Share(1, 2, 3).AsSpan(1), "page.txt")).ErrorId);

    public static TheoryData<int, byte[]> Impossible => new() { { 7, [0x01] }, { 7, [0x09] }, { 8, [0x4c, .. new byte[12]] }, { 8, [0x48, .. new byte[8]] }, { 8, [0x59, 0x08, 0x00, .. new byte[2048]] }, { 12, [0x50, .. new byte[16]] } };

    [Theory]
    [MemberData(nameof(Impossible))]
    public async Task Sealed_keys_whose_numbers_cannot_be_are_damage(int field, byte[] value)
    {
        using var keys = await _fixture.CreateAsync();
        using var reader = KeyFixture.Unlock(keys);
        var bytes = Rewritten(Keep(keys, reader), reader, field, value);
        Assert.Contains("its numbers cannot be", Assert.Throws<StingException>(() => SealedEscrow.Read(bytes, "escrow")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sealed_keys_of_a_program_to_come_are_told_as_such_and_what_need_not_be_understood_passes()
    {
        using var keys = await _fixture.CreateAsync();
        using var reader = KeyFixture.Unlock(keys);
        var escrow = Keep(keys, reader);
        Assert.Equal("SuiteUnknown", Assert.Throws<StingException>(() => SealedEscrow.Read(Rewritten(escrow, reader, 1, [0x09]), "escrow")).ErrorId);
        Assert.Equal("FormatTooNew", Assert.Throws<StingException>(() => SealedEscrow.Read(Rewritten(escrow, reader, 99, [0x01]), "escrow")).ErrorId);
        Assert.Equal(escrow.Id, SealedEscrow.Read(Rewritten(escrow, reader, 150, [0x01]), "escrow").Id);
    }

    /// <summary>With one field of other content, or one more at its end.</summary>
    private static byte[] Rewritten(SealedEscrow escrow, SubjectReader reader, int field, byte[] value)
    {
        var payload = new CborReader(KeyFrame.ReadSigned(escrow.Bytes, KeyFileKind.Escrow, "escrow", (_, _, _) => true), CborConformanceMode.Ctap2Canonical);
        SortedDictionary<int, byte[]> fields = [];
        for (var count = payload.ReadStartMap()!.Value; count > 0; count--)
        {
            fields.Add(payload.ReadInt32(), payload.ReadEncodedValue().ToArray());
        }
        fields[field] = value;
        var cbor = CborFields.StartMap(fields.Count);
        foreach (var (key, content) in fields)
        {
            cbor.WriteInt32(key);
            cbor.WriteEncodedValue(content);
        }
        return KeyFrame.Sign(KeyFileKind.Escrow, CborFields.End(cbor), reader.Role.Keys.KeyRole);
    }

    [Fact]
    public void A_file_that_cannot_be_read_is_told_by_why()
    {
        (Exception Cause, FailureKind Kind)[] causes = [(new FileNotFoundException(), FailureKind.NotFound), (new DirectoryNotFoundException(), FailureKind.NotFound), (new UnauthorizedAccessException(), FailureKind.PermissionDenied), (new IOException(), FailureKind.Io)];
        Assert.All(causes, one => Assert.Equal(one.Kind, EscrowErrors.Unreadable("page.txt", one.Cause).Kind));
    }
}
