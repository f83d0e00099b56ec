using System.Security.Cryptography;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Keys;

/// <summary>An approver's two files, where they are none or cannot be reached.</summary>
public sealed class ApproverKeyFileTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly SecretBytes _passphrase = SecretBytes.FromPassphrase("the approver's own words");

    public void Dispose()
    {
        _folder.Dispose();
        _passphrase.Dispose();
    }

    private EnrolledApprover Create(string path) => ApproverKeyFile.Create(path, "Officer", _passphrase, KeyFixture.LittleWork, TimeProvider.System);

    [Fact]
    public void What_is_sealed_well_and_is_no_key_is_damage()
    {
        using var random = RandomNumberGenerator.Create();
        using var none = new SecretBytes(32);
        File.WriteAllBytes(_folder["k"], PrivateHalfFile.Seal(KeyFileKind.Approver, none, default, _passphrase, KeyFixture.LittleWork, random));
        Assert.Equal("KeyFileDamaged", Assert.Throws<StingException>(() => ApproverKeyFile.Open(_folder["k"], _passphrase)).ErrorId);
    }

    [Theory]
    [InlineData(0, false), InlineData(1, true), InlineData(100, true), InlineData(101, false)]
    public void A_name_has_one_to_a_hundred_characters(int length, bool isName)
    {
        using var key = EcdsaSigner.Generate();
        var cbor = CborFields.StartMap(4);
        CborFields.Write(cbor, 1, Suite.P256);
        CborFields.Write(cbor, 2, key.PublicKey.Span);
        cbor.WriteInt32(3);
        cbor.WriteTextString(new string('n', length));
        CborFields.Write(cbor, 4, 1);
        File.WriteAllBytes(_folder["p"], KeyFrame.Sign(KeyFileKind.ApproverPublic, CborFields.End(cbor), key));
        Assert.Equal(isName ? null : "KeyFileDamaged", (Record.Exception(() => ApproverKeyFile.ReadPublic(_folder["p"])) as StingException)?.ErrorId);
    }

    [UnixFact]
    public void Files_that_cannot_be_read_or_written_are_told_by_why()
    {
        var made = Create(_folder["k"]);
        Assert.Equal(made.Id, ApproverKeyFile.ReadPublic(_folder["k"] + ApproverKeyFile.PublicSuffix).Id);
        Assert.Equal("ApproverKeyExists", Assert.Throws<StingException>(() => Create(_folder["k"])).ErrorId);
        Assert.Equal(FailureKind.NotFound, Assert.Throws<StingException>(() => ApproverKeyFile.Open(_folder["none"], _passphrase)).Kind);
        Assert.Equal(FailureKind.PermissionDenied, Assert.Throws<StingException>(() => ApproverKeyFile.Open(_folder.Path, _passphrase)).Kind);   // a folder
        Assert.Equal(FailureKind.NotFound, Assert.Throws<StingException>(() => ApproverKeyFile.Open(Path.Combine(_folder["none"], "k"), _passphrase)).Kind);
        var unwritten = Assert.Throws<StingException>(() => Create(Path.Combine(_folder["k"], "below")));
        Assert.Equal("ApproverKeyUnavailable", unwritten.ErrorId);
        Assert.Contains("could not be written", unwritten.Message, StringComparison.Ordinal);
    }
}
