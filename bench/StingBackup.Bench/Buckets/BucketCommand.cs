using StingBackup.Fixtures.Ceph;

namespace StingBackup.Bench.Buckets;

/// <summary>Keeps a real S3 server up, for scripts and by hand. Reads commands, a line each, and answers each with a line; ends with its input.</summary>
internal static class BucketCommand
{
    public static async Task<int> RunAsync()
    {
        if (CephBinaries.Missing is { } missing)
        {
            Console.Error.WriteLine(missing);
            return 77;
        }
        var cluster = await CephCluster.GetAsync();
        Say($"ready {cluster.Address.ToString().TrimEnd('/')} {CephCluster.AccessKey} {CephCluster.SecretKey}");
        while (await Console.In.ReadLineAsync() is { } line)
        {
            switch (line.Trim())
            {
                case "bucket":
                    Say($"bucket {await cluster.NewBucketAsync()}");
                    break;
                case "down":
                    cluster.KillGateway();
                    Say("down");
                    break;
                case "up":
                    await cluster.StartGatewayAsync();
                    Say("up");
                    break;
                default:
                    Say($"error '{line}' is no command: bucket, down, up");
                    break;
            }
        }
        return 0;
    }

    private static void Say(string line)
    {
        Console.Out.WriteLine(line);
        Console.Out.Flush();
    }
}
