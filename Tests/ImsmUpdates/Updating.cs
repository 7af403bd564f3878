using ActorRaid.Metadata.Imsm;
using Xunit;

namespace ActorRaid.Tests.ImsmUpdates;

/// <summary>What a test does with an update.</summary>
internal static class Updating
{
    /// <summary>Prepared and processed.</summary>
    public static ImsmContainer After(this ImsmContainer container, byte[] update)
    {
        var result = container.Prepare(update);
        Assert.Null(result.Refusal);
        return (ImsmContainer)container.Process(Assert.IsAssignableFrom<Metadata.PreparedUpdate>(result.Update));
    }

    /// <summary>Refused, with those words in the reason.</summary>
    public static void Refuses(this ImsmContainer container, byte[] update, string reason)
    {
        var result = container.Prepare(update);
        Assert.Null(result.Update);
        Assert.Contains(reason, result.Refusal);
    }
}
