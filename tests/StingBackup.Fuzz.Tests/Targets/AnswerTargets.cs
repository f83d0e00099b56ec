using System.Text;
using StingBackup.Engine.Chroma;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Storage.S3;
using StingBackup.Engine.Vault;
using StingBackup.Fixtures.Vault;
using StingBackup.Fuzz.Tests.Loop;

namespace StingBackup.Fuzz.Tests.Targets;

/// <summary>
/// Answers of servers, read by the real clients over a connection. An input is: what is asked u8 · status u8 · the body of the answer. With the top bit of the first byte
/// the input is the whole reply, status line and headers too.
/// </summary>
internal static class AnswerTargets
{
    private const byte Whole = 0x80;
    private static readonly int[] Statuses = [200, 204, 400, 403, 404, 429, 500, 503];
    private static readonly string[] Json = ["\"data\":", "\"errors\":[", "\"keys\":", "\"metadata\":", "\"created_time\":", "2026-01-02T03:04:05.123456789Z", "\\ud800", "1e999", "9223372036854775808"];

    public static IEnumerable<FuzzTarget> All =>
    [
        new("vault-answer", () => VaultSeeds(), ReadVault) { Words = Json, PerByte = 4000, Floor = 4 << 20, Burst = 60, MaxLength = 2048 },
        new("chroma-answer", () => ChromaSeeds(), ReadChroma) { Words = [.. Json, "\"ids\":", "\"embeddings\":", "\"documents\":", "\"metadatas\":", "\"dimension\":"], PerByte = 4000, Floor = 4 << 20, Burst = 60, MaxLength = 2048 },
        new("s3-answer", () => S3Seeds(), ReadS3) { Words = ["<Key>", "</Key>", "<Size>", "<IsTruncated>true</IsTruncated>", "<NextContinuationToken>", "<Code>NoSuchKey</Code>", "<!DOCTYPE a [<!ENTITY b \"c\">]>", "&b;", "<VersionId>", "ETag: \"x\"\r\n", "x-amz-restore: "], PerByte = 8000, Floor = 8 << 20, Burst = 60, MaxLength = 2048 },
    ];

    private static byte[] Of(byte what, byte status, string body) => [what, status, .. Encoding.UTF8.GetBytes(body)];

    /// <summary>What the server answers for an input.</summary>
    private static byte[] Reply(byte[] input) => (input[0] & Whole) != 0 ? input[1..] : AnswerServer.Reply(Statuses[input[1] % Statuses.Length], "Content-Type: application/json\r\n", input.AsSpan(2));

    private static void ReadVault(byte[] input)
    {
        if (input.Length < 2)
        {
            return;
        }
        var lookedUp = false;
        AnswerServer.One.Answer(line =>
        {
            // The login is answered well, unless it is what is damaged.
            var isLogin = line.Contains("lookup-self", StringComparison.Ordinal) && !lookedUp && (input[0] & 0x40) == 0;
            lookedUp |= isLogin;
            return isLogin ? AnswerServer.Reply(200, "", "{\"data\":{\"ttl\":3600,\"renewable\":true}}"u8) : Reply(input);
        });
        using var client = new VaultClient(new VaultOptions { Address = AnswerServer.One.Address, Login = VaultClients.Token("s.token"), Retries = 0, LongestAnswer = 1 << 20 }, TimeProvider.System);
        var kv = new VaultKv(client, "sting", TimeProvider.System);
        var transit = new VaultTransit(client);
        using var key = SecretBytes.CopyOf(Fixed.Secret);
        Wait((input[0] & 0x0f) switch
        {
            0 => kv.ListAsync("files", default),
            1 => kv.ReadMetadataAsync("files/a", default),
            2 => ReadValueAsync(kv),
            3 => kv.ReadConfigAsync(default),
            4 => kv.CheckMountAsync(default),
            5 => client.ReadHealthAsync(default),
            6 => transit.ReadKeyAsync("k", default),
            7 => transit.EncryptAsync("k", key, new TransitBinding(), default),
            8 => transit.DecryptAsync("k", "vault:v1:AAAA", new TransitBinding(), default),
            9 => transit.DecryptAsync("k", [("vault:v1:AAAA", new TransitBinding()), ("vault:v1:AAAB", new TransitBinding())], default),
            10 => kv.WriteAsync("files/a", "{}"u8.ToArray(), 1, default),
            _ => transit.RewrapAsync("k", "vault:v1:AAAA", default, default),
        });
    }

    private static async Task ReadValueAsync(VaultKv kv)
    {
        using var secret = await kv.ReadAsync("files/a", null, default);
        if (secret is { Version.State: KvState.Live })
        {
            StingBackup.Engine.Sources.Vault.SecretContent.EncodeValueOf(secret);
        }
    }

    private static readonly Lazy<ChromaClient> Chroma = new(() => new ChromaClient(new ChromaOptions { Address = AnswerServer.One.Address, Retries = 0, LongestAnswer = 1 << 20 }, TimeProvider.System));

    private static void ReadChroma(byte[] input)
    {
        if (input.Length < 2)
        {
            return;
        }
        AnswerServer.One.Answer(_ => Reply(input));
        Wait((input[0] & 0x0f) switch
        {
            0 => Chroma.Value.ReadVersionAsync(default),
            1 => Chroma.Value.ListAsync(default),
            2 => Chroma.Value.FindAsync("jar", default),
            3 => Chroma.Value.CountAsync("c", default),
            4 => Chroma.Value.ReadIdsAsync("c", default),
            5 => Chroma.Value.ReadAsync("c", ["a"], default),
            6 => Chroma.Value.CreateAsync("jar", null, null, default),
            7 => Chroma.Value.DeleteCollectionAsync("jar", default),
            _ => Chroma.Value.ReadMetadataAsync("c", ["a"], default),
        });
    }

    private static readonly Lazy<(S3Bucket Bucket, S3Options Options)> Bucket = new(() =>
    {
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", "fuzz");
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", "fuzz");
        var options = new S3Options { Address = S3Address.Parse("s3://bucket/folder"), Endpoint = AnswerServer.One.Address, PathStyle = true, Login = new S3EnvironmentLogin() };
        return (new S3Bucket(options, TimeProvider.System), options);
    });

    private static void ReadS3(byte[] input)
    {
        if (input.Length < 2)
        {
            return;
        }
        AnswerServer.One.Answer(_ => (input[0] & Whole) != 0 ? input[1..] : AnswerServer.Reply(Statuses[input[1] % Statuses.Length], "Content-Type: application/xml\r\nETag: \"x\"\r\nx-amz-request-id: 1\r\n", input.AsSpan(2)));
        var (bucket, options) = Bucket.Value;
        Wait((input[0] & 0x0f) switch
        {
            0 => FirstAsync(bucket.ListAsync("meta/", 1000, default)),
            1 => bucket.HeadAsync("meta/60/x", default),
            2 => bucket.ReadAsync("meta/60/x", 3, new byte[64], null, default),
            3 => bucket.BeginUploadAsync("meta/60/x", new S3Abilities(), default),
            4 => bucket.CompleteUploadAsync("meta/60/x", "u", [], true, default),
            5 => bucket.DeleteAsync("meta/60/x", null, default),
            6 => bucket.PutAsync("meta/60/x", new byte[8], true, new S3Abilities(), default),
            7 => FirstAsync(new S3Versions(bucket, options).ListAsync("meta/", default)),
            8 => bucket.EnsureThereAsync(default),
            _ => bucket.FindAsync("meta/60/x", default),
        });
    }

    /// <summary>A list may go on for ever: a server that always says that there is more is asked twenty times.</summary>
    private static async Task FirstAsync<T>(IAsyncEnumerable<T> list)
    {
        var left = 20;
        await foreach (var _ in list)
        {
            if (--left == 0)
            {
                return;
            }
        }
    }

    private static void Wait(Task task) => task.GetAwaiter().GetResult();

    private static IEnumerable<byte[]> VaultSeeds()
    {
        yield return Of(0, 0, """{"data":{"keys":["a","b/"]}}""");
        yield return Of(1, 0, """{"data":{"created_time":"2026-01-02T03:04:05.123456789Z","updated_time":"2026-01-02T03:04:05Z","current_version":2,"max_versions":3,"cas_required":true,"delete_version_after":"3h","custom_metadata":{"a":"b"},"versions":{"2":{"created_time":"2026-01-02T03:04:05Z","deletion_time":"","destroyed":false}}}}""");
        yield return Of(2, 0, """{"data":{"data":{"data":"AAAA","hash":"x"},"metadata":{"version":2,"created_time":"2026-01-02T03:04:05Z","deletion_time":"","destroyed":false}}}""");
        yield return Of(3, 0, """{"data":{"max_versions":3,"cas_required":true,"delete_version_after":"0s"}}""");
        yield return Of(4, 0, """{"data":{"type":"kv","options":{"version":"2"}}}""");
        yield return Of(5, 0, """{"version":"1.17","initialized":true,"sealed":false,"standby":false}""");
        yield return Of(6, 0, """{"data":{"name":"k","type":"aes256-gcm96","derived":false,"exportable":false,"latest_version":2,"min_decryption_version":1,"min_encryption_version":0,"deletion_allowed":false,"keys":{"1":1768442400,"2":1768442400}}}""");
        yield return Of(7, 0, """{"data":{"ciphertext":"vault:v1:AAAA","key_version":1}}""");
        yield return Of(8, 0, """{"data":{"plaintext":"AAEC"}}""");
        yield return Of(9, 0, """{"data":{"batch_results":[{"plaintext":"AAEC"},{"error":"cipher: message authentication failed"}]}}""");
        yield return Of(10, 2, """{"errors":["check-and-set parameter did not match the current version"]}""");
        yield return Of(11, 3, """{"errors":["permission denied"]}""");
        yield return Of(0x40, 0, """{"data":{"ttl":3600,"renewable":true,"type":"service","period":0,"explicit_max_ttl":0}}""");
        yield return [Whole, .. "HTTP/1.1 307 X\r\nLocation: /v1/x\r\n\r\n"u8];
        yield return [Whole, .. "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nRetry-After: 3\r\n\r\n2\r\n{}\r\n0\r\n\r\n"u8];
    }

    private static IEnumerable<byte[]> ChromaSeeds()
    {
        const string collection = """{"id":"75c469b7-18dc-4c38-b360-b5541639905b","name":"jar","dimension":2,"metadata":{"a":1},"configuration_json":{"hnsw":{}}}""";
        yield return Of(0, 0, "\"1.0.0\"");
        yield return Of(1, 0, $"[{collection}]");
        yield return Of(2, 0, collection);
        yield return Of(3, 0, "42");
        yield return Of(4, 0, """{"ids":["a","b"]}""");
        yield return Of(5, 0, """{"ids":["a","b"],"embeddings":[[1,2.5],[null,3]],"documents":["x",null],"metadatas":[{"n":1},null],"uris":[null,"u"]}""");
        yield return Of(7, 2, """{"error":"InvalidCollection","message":"Collection jar does not exist."}""");
        yield return Of(8, 0, """{"ids":["a"],"metadatas":[{"n":1}]}""");
    }

    private static IEnumerable<byte[]> S3Seeds()
    {
        yield return Of(0, 0, "<?xml version=\"1.0\"?><ListBucketResult><Name>bucket</Name><Prefix>folder/meta/</Prefix><KeyCount>1</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated><Contents><Key>folder/meta/60/606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>\"x\"</ETag><Size>42</Size><StorageClass>STANDARD</StorageClass></Contents></ListBucketResult>");
        yield return Of(7, 0, "<?xml version=\"1.0\"?><ListVersionsResult><Name>bucket</Name><IsTruncated>false</IsTruncated><Version><Key>folder/meta/60/606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f</Key><VersionId>v</VersionId><IsLatest>true</IsLatest><LastModified>2026-01-02T03:04:05.000Z</LastModified><Size>42</Size></Version><DeleteMarker><Key>folder/a</Key><VersionId>w</VersionId></DeleteMarker></ListVersionsResult>");
        yield return Of(3, 0, "<InitiateMultipartUploadResult><Bucket>bucket</Bucket><Key>k</Key><UploadId>u</UploadId></InitiateMultipartUploadResult>");
        yield return Of(4, 0, "<CompleteMultipartUploadResult><Location>x</Location><Key>k</Key><ETag>\"x\"</ETag></CompleteMultipartUploadResult>");
        yield return Of(4, 0, "<Error><Code>InternalError</Code><Message>late</Message></Error>");
        yield return Of(2, 4, "<Error><Code>NoSuchKey</Code><Message>gone</Message><Key>k</Key></Error>");
        yield return Of(2, 3, "<Error><Code>InvalidObjectState</Code><Message>frozen</Message></Error>");
        yield return Of(8, 4, "<Error><Code>NoSuchBucket</Code></Error>");
        yield return [Whole | 2, .. "HTTP/1.1 206 OK\r\nContent-Range: bytes 3-6/10\r\nETag: \"x\"\r\nConnection: close\r\nContent-Length: 4\r\n\r\nabcd"u8];
        yield return [Whole | 1, .. "HTTP/1.1 200 OK\r\nx-amz-restore: ongoing-request=\"true\"\r\nx-amz-storage-class: GLACIER\r\nLast-Modified: Fri, 02 Jan 2026 03:04:05 GMT\r\nETag: \"x\"\r\nContent-Length: 42\r\n\r\n"u8];
        yield return Of(5, 1, "");
        yield return Of(6, 0, "");
    }
}
