using System.Text.Json;
using StingBackup.Engine.People;
using StingBackup.Engine.Sources.Vault;

namespace StingBackup.Engine.Tests.People;

/// <summary>Which upload a secret holds, out of what stands behind its parts.</summary>
public sealed class OwnUploadTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(192)]
    [InlineData(70_000)]
    public void An_upload_is_its_bytes_under_its_name(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        var content = SecretContent.Encode(VaultClients.Parse(VaultClients.Upload(bytes, "Überblick.pdf")));
        var upload = Of(content)!;
        Assert.Equal(("Überblick.pdf", length), (upload.Name, upload.Length));
        Assert.Equal(bytes, upload.Inline?.ToArray() ?? content[..length].ToArray());
        Assert.Equal(length < 192, upload.Inline is not null);
    }

    [Theory]
    [InlineData("""{"password":"x"}""")]
    [InlineData("""{"data":{"data":"eA=="}}""")]
    [InlineData("""{"data":"no base64!"}""")]
    [InlineData("""{"data":7,"metadata":{"filename":"x"}}""")]
    public void What_is_no_upload_is_shown_as_it_is(string value) => Assert.Null(Of(SecretContent.Encode(JsonDocument.Parse(value).RootElement)));

    [Theory]
    [InlineData("""{"data":{"data":null},"parts":[]}""", 5)]
    [InlineData("""{"data":{"data":null},"parts":[{"at":["data"],"encoding":"base64","pieces":[["raw",6]]}]}""", 5)]
    [InlineData("""{"data":{"data":null},"parts":[{"at":["data"],"encoding":"base64","pieces":[["raw",-1]]}]}""", 5)]
    [InlineData("""{"data":{"data":null},"parts":[{"at":["data"],"encoding":"base64","pieces":[["raw",2],["base64",3]]}]}""", 5)]
    [InlineData("""{"data":{"data":null},"parts":[{"at":["other"],"encoding":"base64","pieces":[["raw",5]]}]}""", 5)]
    [InlineData("""{"data":{"data":null},"parts":[{"at":7,"encoding":"base64","pieces":[[]]}]}""", 5)]
    [InlineData("""[]""", 5)]
    [InlineData("""{""", 5)]
    public void Descriptions_that_do_not_add_up_are_of_no_upload(string description, long parts) => Assert.Null(OwnUpload.Of(System.Text.Encoding.UTF8.GetBytes(description), parts));

    [Theory]
    [InlineData("""{"data":"eA==","metadata":{"original_filename":"a.txt","filename":"b.txt"}}""", "a.txt")]
    [InlineData("""{"data":"eA==","metadata":{"original_filename":" ","filename":"b.txt"}}""", "b.txt")]
    [InlineData("""{"data":"eA==","metadata":{"original_filename":7}}""", null)]
    [InlineData("""{"data":"eA==","metadata":"x"}""", null)]
    public void Its_name_is_what_STING_noted(string value, string? name) => Assert.Equal(name, Of(SecretContent.Encode(JsonDocument.Parse(value).RootElement))!.Name);

    private static OwnUpload? Of(ReadOnlyMemory<byte> content)
    {
        var end = content.Length - SecretContent.FooterLength;
        var length = SecretContent.DescriptionLength(content.Span[end..])!.Value;
        return OwnUpload.Of(content.Slice(end - length, length), end - length);
    }
}
