using ActorRaid.Metadata.Imsm;
using Xunit;

namespace ActorRaid.Tests.ImsmUpdates;

public class TruncationTests
{
    private static readonly ImsmContainer Container =
        Sample.Container(3, 2, Sample.Volume("vol0", 5, 3), Sample.Volume("vol1", 0, 3, first: 30720));

    private static readonly ImsmContainer Raid0 = Sample.Container(2, 1, Sample.Volume("vol0", 0, 2));

    private static readonly ImsmContainer Growing = Container.After(ImsmUpdateMessages.ReshapeContainer(3, 4, Sample.Device(3)));

    private static (ImsmContainer Container, byte[] Update)[] Valid =>
    [
        (Container, ImsmUpdateMessages.CreateArray(
            2, Sample.Volume("vol2", 5, 3, first: 60000), Sample.Serial(3), Sample.Serial(0), Sample.Serial(4))),
        (Container, ImsmUpdateMessages.KillArray(1)),
        (Container, ImsmUpdateMessages.RenameArray(1, "data")),
        (Container, ImsmUpdateMessages.AddRemoveDisk()),
        (Container, ImsmUpdateMessages.ReshapeContainer(3, 5, Sample.Device(3), Sample.Device(4))),
        (Raid0, ImsmUpdateMessages.ReshapeMigration(0, 5, 64)),
        (Raid0, ImsmUpdateMessages.Takeover(0, 1)),
        (Raid0.After(ImsmUpdateMessages.Takeover(0, 1)), ImsmUpdateMessages.Takeover(0, 0)),
        (Growing, ImsmUpdateMessages.Checkpoint(3)),
        (Container, ImsmUpdateMessages.SizeChange(1, 3 * 24576)),
        (Container, ImsmUpdateMessages.PreallocateBadBlocks()),
        (Container, ImsmUpdateMessages.WriteHolePolicy(0, 3)),
    ];

    [Fact]
    public void Every_update_is_taken_whole_and_refused_at_every_shorter_length()
    {
        foreach (var (container, update) in Valid)
        {
            Assert.Null(container.Prepare(update).Refusal);
            for (var length = 0; length < update.Length; length++)
            {
                var result = container.Prepare(update.AsMemory(0, length));

                Assert.Null(result.Update);
                Assert.NotNull(result.Refusal);
            }
        }
    }

    [Fact]
    public void Bytes_behind_an_update_do_not_matter()
    {
        foreach (var (container, update) in Valid)
        {
            Assert.Null(container.Prepare((byte[])[.. update, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]).Refusal);
        }
    }

    [Fact]
    public void Any_bit_changed_gives_a_model_or_a_reason_and_never_loses_a_disk()
    {
        foreach (var (container, update) in Valid)
        {
            for (var at = 0; at < update.Length; at++)
            {
                for (var bit = 0; bit < 8; bit++)
                {
                    var changed = update.ToArray();
                    changed[at] ^= (byte)(1 << bit);
                    var result = container.Prepare(changed);

                    Assert.True(result.Update is null != result.Refusal is null);
                    if (result.Update is not null)
                    {
                        Invariants.Hold((ImsmContainer)container.Process(result.Update), container.Present.Length);
                    }
                }
            }
        }
    }
}
