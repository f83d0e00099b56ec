using StingBackup.Engine.People;
using StingBackup.Engine.Tests.PostgreSql;

namespace StingBackup.Engine.Tests.People;

/// <summary>Who may look into which jar, as STING's live database says.</summary>
[Collection(StingClusterCollection.Name)]
public sealed class StingPermissionsTests(StingCluster seeded)
{
    private static string Me(int person) => $"user:{StingSchema.KratosId(person)}";

    [PostgresFact]
    public async Task Only_what_is_clearly_granted_is()
    {
        var cluster = seeded.Cluster;
        var asking = new StingPermissions(cluster.Settings);
        try
        {
            await cluster.ExecuteAsync("sting_app", """
                UPDATE honey_jars SET type = 'public' WHERE id = jid(1);
                UPDATE honey_jars SET permissions = '{"allowed_users": ["person3@example.org"], "edit_users": ["person3@example.org"]}' WHERE id = jid(4);
                UPDATE honey_jars SET permissions = '{"allowed_users": "person3@example.org", "edit_users": ["person3@example.org"], "allowed_roles": ["user"], "public_read": true}' WHERE id = jid(5);
                UPDATE honey_jars SET permissions = '{"allowed_users": ["PERSON3@example.org", "person3@example.org "]}' WHERE id = jid(6);
                """);
            Assert.Equal([("Jar 1", false, false), ("Jar 3", true, true), ("Jar 4", false, true)], (await asking.JarsAsync([Me(3)], default)).Select(j => (j.Name, j.IsOwner, j.MayRestore)));
            Assert.Equal(["Jar 1", "Jar 4"], (await asking.JarsAsync([Me(4)], default)).Select(j => j.Name));
            // Without a UUID a number says who it is; beside a UUID it says nothing.
            Assert.Equal(["Jar 1", "Jar 5"], (await asking.JarsAsync(["user#5"], default)).Select(j => j.Name));
            Assert.Empty(await asking.JarsAsync(["user#3"], default));
            // Two people at once, nobody, and who is not active any more.
            Assert.Empty(await asking.JarsAsync([Me(3), Me(4)], default));
            Assert.Empty(await asking.JarsAsync(["user:99999999-0000-4000-8000-000000000000", "path:UserFiles/x'; DROP TABLE users; --"], default));
            await cluster.ExecuteAsync("sting_app", "UPDATE users SET status = 'suspended' WHERE id = 3");
            Assert.Empty(await asking.JarsAsync([Me(3)], default));
            Assert.Null(await asking.SubjectOfAsync("person3@example.org", default));
            Assert.Equal(Me(4), await asking.SubjectOfAsync("Person4@Example.org", default));
            Assert.Equal("user#5", await asking.SubjectOfAsync("person5@example.org", default));
            Assert.Null(await asking.SubjectOfAsync("nobody@example.org", default));
            await Assert.ThrowsAsync<StingException>(async () => await new StingPermissions(cluster.Settings with { Port = 1 }).JarsAsync([Me(3)], default));
        }
        finally
        {
            await cluster.ExecuteAsync("sting_app", """
                UPDATE users SET status = 'active' WHERE id = 3; UPDATE honey_jars SET type = 'private' WHERE id = jid(1);
                UPDATE honey_jars SET permissions = jsonb_build_object('readers', right(id::text, 12)::int) WHERE id IN (jid(4), jid(5), jid(6))
                """);
        }
    }
}
