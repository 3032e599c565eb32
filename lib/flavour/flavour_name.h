/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One source, two flavours, one process: every function of the layer that is not static is named
 * here, so that each build (-DFLAVOUR_LINUX, -DFLAVOUR_BSD) gives it a symbol of its own. A missing
 * name is a duplicate symbol at link time.
 */
#pragma once

#if defined(FLAVOUR_LINUX)
#define FLAVOUR(name) flavour_linux_##name
#elif defined(FLAVOUR_BSD)
#define FLAVOUR(name) flavour_bsd_##name
#else
#error "build with -DFLAVOUR_LINUX or -DFLAVOUR_BSD"
#endif

/* layer.c, linux.c and bsd.c: state and what differs between the flavours */
#define flavour_facts FLAVOUR(flavour_facts)
#define layer_create FLAVOUR(layer_create)
#define layer_destroy FLAVOUR(layer_destroy)
#define layer_start FLAVOUR(layer_start)
#define layer_copy FLAVOUR(layer_copy)
#define layer_fail FLAVOUR(layer_fail)
#define layer_round_len FLAVOUR(layer_round_len)
#define layer_range FLAVOUR(layer_range)
#define layer_count_runs FLAVOUR(layer_count_runs)
#define layer_tb_invalidate FLAVOUR(layer_tb_invalidate)
#define layer_scratch FLAVOUR(layer_scratch)
#define layer_new_object FLAVOUR(layer_new_object)
#define flavour_check_mmap FLAVOUR(flavour_check_mmap)
#define flavour_check_mprotect FLAVOUR(flavour_check_mprotect)
#define flavour_check_munmap FLAVOUR(flavour_check_munmap)
/* sync_linux.c, sync_bsd.c */
#define flavour_check_msync FLAVOUR(flavour_check_msync)
#define flavour_madvise FLAVOUR(flavour_madvise)
#define target_madvise FLAVOUR(target_madvise)
/* view.c */
#define view_next FLAVOUR(view_next)
#define view_union FLAVOUR(view_union)
#define view_stretch FLAVOUR(view_stretch)
/* host_util.c */
#define hostprot_change FLAVOUR(hostprot_change)
#define hostprot_restore FLAVOUR(hostprot_restore)
#define host_map_at FLAVOUR(host_map_at)
#define host_release FLAVOUR(host_release)
#define host_release_surely FLAVOUR(host_release_surely)
/* the public calls */
#define target_mmap FLAVOUR(target_mmap)
#define target_munmap FLAVOUR(target_munmap)
#define target_mprotect FLAVOUR(target_mprotect)
#define target_mremap FLAVOUR(target_mremap)
#define target_msync FLAVOUR(target_msync)
/* frag.c */
#define mmap_frag_check FLAVOUR(mmap_frag_check)
#define mmap_frag FLAVOUR(mmap_frag)
#define mmap_frag_undo FLAVOUR(mmap_frag_undo)
#define mmap_frag_commit FLAVOUR(mmap_frag_commit)
#define mmap_frag_free FLAVOUR(mmap_frag_free)
/* place.c, probe.c */
#define mmap_find_vma FLAVOUR(mmap_find_vma)
#define mmap_find_vma_reserved FLAVOUR(mmap_find_vma_reserved)
#define mmap_find_vma_probe FLAVOUR(mmap_find_vma_probe)
#define mmap_release_vma FLAVOUR(mmap_release_vma)
/* mmap_fixed.c, mmap_commit.c, mmap_placed.c, mmap_file.c */
#define map_commit FLAVOUR(map_commit)
#define mmap_req_info FLAVOUR(mmap_req_info)
#define mmap_fixed FLAVOUR(mmap_fixed)
#define mmap_placed FLAVOUR(mmap_placed)
#define map_bytes FLAVOUR(map_bytes)
#define map_file FLAVOUR(map_file)
#define map_file_mark FLAVOUR(map_file_mark)
#define file_bytes_read FLAVOUR(file_bytes_read)
/* munmap.c */
#define munmap_range FLAVOUR(munmap_range)
#define mmap_reserve FLAVOUR(mmap_reserve)
/* tb.c */
#define layer_translate FLAVOUR(layer_translate)
#define layer_page_unprotect FLAVOUR(layer_page_unprotect)
#define tb_lift FLAVOUR(tb_lift)
/* log.c, dump.c, hooks.c */
#define log_mmap FLAVOUR(log_mmap)
#define log_call FLAVOUR(log_call)
#define log_result FLAVOUR(log_result)
#define layer_page_dump FLAVOUR(layer_page_dump)
#define layer_counters FLAVOUR(layer_counters)
#define layer_lock FLAVOUR(layer_lock)
#define layer_unlock FLAVOUR(layer_unlock)
#define layer_have_lock FLAVOUR(layer_have_lock)
#define layer_fork_start FLAVOUR(layer_fork_start)
#define layer_fork_end FLAVOUR(layer_fork_end)
/* mremap_plan.c, mremap_move.c, mremap_grow.c, mremap_dup.c */
#define mremap_page_info FLAVOUR(mremap_page_info)
#define mremap_lifted FLAVOUR(mremap_lifted)
#define mremap_plan FLAVOUR(mremap_plan)
#define mremap_move FLAVOUR(mremap_move)
#define mremap_grow_check FLAVOUR(mremap_grow_check)
#define mremap_grow_fits FLAVOUR(mremap_grow_fits)
#define mremap_grow FLAVOUR(mremap_grow)
#define mremap_settle FLAVOUR(mremap_settle)
#define mremap_duplicate FLAVOUR(mremap_duplicate)
