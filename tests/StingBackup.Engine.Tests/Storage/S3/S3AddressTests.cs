using StingBackup.Engine.Storage.S3;

namespace StingBackup.Engine.Tests.Storage.S3;

public sealed class S3AddressTests
{
    [Theory]
    [InlineData("s3://sting-backups", "sting-backups", "", false, "a/b")]
    [InlineData("s3://sting-backups/", "sting-backups", "", false, "a/b")]
    [InlineData("s3://sting-backups/main/2024/", "sting-backups", "main/2024", false, "main/2024/a/b")]
    [InlineData("glacier://sting-archives/Cold_1", "sting-archives", "Cold_1", true, "Cold_1/a/b")]
    public void An_address_names_bucket_and_prefix(string text, string bucket, string prefix, bool archive, string key)
    {
        var address = S3Address.Parse(text);
        Assert.Equal(new S3Address(bucket, prefix, archive), address);
        Assert.Equal(key, address.KeyOf("a/b"));
        Assert.Equal(text.TrimEnd('/'), address.ToString());
    }

    [Theory]
    [InlineData("/var/backups")]
    [InlineData("https://s3.example.org/bucket")]
    [InlineData("s3://")]
    [InlineData("s3://ab")]
    [InlineData("s3://Sting-Backups")]
    [InlineData("s3://bucket//a")]
    [InlineData("s3://bucket/a/../b")]
    [InlineData("s3://bucket/a b")]
    [InlineData("s3://bucket/~probe")]
    [InlineData("s3://id:topsecret@bucket/a")]
    public void What_is_no_address_is_refused_without_repeating_secrets(string text)
    {
        var error = Assert.Throws<StingException>(() => S3Address.Parse(text));
        Assert.Equal("StoreAddressInvalid", error.ErrorId);
        Assert.DoesNotContain("topsecret", error.Message + error.Target, StringComparison.Ordinal);
    }
}
