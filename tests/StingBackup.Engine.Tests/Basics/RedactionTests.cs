using StingBackup.Engine.Basics;
using StingBackup.Engine.Jobs.Logging;

namespace StingBackup.Engine.Tests.Basics;

public sealed class RedactionTests
{
    [Theory]
    [InlineData("passphrase=hunter2-x", "passphrase=***")]
    [InlineData("Password: \"two words\" next", "Password: *** next")]
    [InlineData("STING_BACKUP_PASSPHRASE='hunter2-x' set", "STING_BACKUP_PASSPHRASE=*** set")]
    [InlineData("HONEY_RESERVE_MASTER_KEY=c2VjcmV0LWtleQ==", "HONEY_RESERVE_MASTER_KEY=***")]
    [InlineData("{\"secret_key\": \"abc\\\"def\", \"n\": 1}", "{\"secret_key\": ***, \"n\": 1}")]
    [InlineData("secret_id=0a1b-2c", "secret_id=***")]
    [InlineData("vault token = hvs.CAESIabcdefghijklmnop", "vault token = ***")]
    [InlineData("got hvs.CAESIabcdefghijklmnop back", "got *** back")]
    [InlineData("got s.0123456789abcdefghijABCD back", "got *** back")]
    [InlineData("id AKIAIOSFODNN7EXAMPLE used", "id *** used")]
    [InlineData("Authorization: Bearer abcdefgh12345", "Authorization: Bearer ***")]
    [InlineData("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic ***")]
    [InlineData("s3://id:topsecret@bucket/x failed", "s3://***@bucket/x failed")]
    [InlineData("https://h/x?a=1&X-Amz-Signature=0123abc&b=2", "https://h/x?a=1&X-Amz-Signature=***&b=2")]
    [InlineData("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.sig-nature end", "jwt *** end")]
    [InlineData("-----BEGIN EC PRIVATE KEY-----\nMHcCAQ\n-----END EC PRIVATE KEY-----\nafter", "***\nafter")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nMHcCAQ, torn", "***")]
    [InlineData("ran with --passphrase hunter2-x --dry-run", "ran with --passphrase *** --dry-run")]
    [InlineData("ran -Passphrase 'hunter2 x' now", "ran -Passphrase *** now")]
    public void What_looks_like_a_secret_is_taken_out(string text, string clean) => Assert.Equal(clean, Redaction.Text(text));

    [Theory]
    [InlineData("The passphrase does not open the key file.")]
    [InlineData("passphrase-file=/run/secrets/pass")]
    [InlineData("--passphrase-file /run/x")]
    [InlineData("encryption_key_id=sting-backup-key")]
    [InlineData("key_fingerprint: 0011")]
    [InlineData("/etc/sting/sting-backup.yaml:4: keys.directory: it lies in the reserve")]
    [InlineData("12 people in https://host/path, 15:30:00")]
    [InlineData("user@example.com has 3 files")]
    public void What_is_none_stays(string text) => Assert.Equal(text, Redaction.Text(text));

    [Theory]
    [InlineData("Password", true)]
    [InlineData("vaultToken", true)]
    [InlineData("DataKey", true)]
    [InlineData("SecretId", true)]
    [InlineData("PassphraseFile", false)]
    [InlineData("KeyFingerprint", false)]
    [InlineData("Key", false)]
    [InlineData("Path", false)]
    public void A_name_tells_a_secret(string name, bool secret) => Assert.Equal(secret, Redaction.IsSecretName(name));

    [Theory]
    [InlineData("s3://bucket/prefix", "s3://bucket/prefix")]
    [InlineData("s3://a:b@bucket/x@y", "s3://***@bucket/x@y")]
    [InlineData("https://h/p?sig=1", "https://h/p?***")]
    [InlineData("user:pass@host", "***@host")]
    public void A_url_loses_what_lets_one_in(string url, string clean) => Assert.Equal(clean, Redaction.Url(url));

    [Fact]
    public void A_text_without_end_is_cut_before_it_is_searched()
    {
        foreach (var unit in (string[])["a", "a.", "eyJ-", "-----BEGIN PRIVATE KEY-----", "token", "x://", "--pass "])
        {
            var text = string.Concat(Enumerable.Repeat(unit, 1_000_000 / unit.Length));
            Assert.True(Redaction.Text(text).Length <= 33_000);
        }
    }

    [Fact]
    public void A_secret_that_is_known_is_taken_out_whatever_it_is_called()
    {
        var watch = new SecretWatch();
        watch.Know("blue");
        watch.Know("blue horse");
        watch.Know("abc");
        Assert.Equal("the *** and the ***: abc", watch.Clean("the blue horse and the blue: abc"));
    }
}
